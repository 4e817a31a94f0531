"""``python -m autograder.exchange.service.child ROLE NAME TIER``: a worker or the publisher of a service."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

from ...course import load_course
from ..store.desk import open_desk


def main(role: str, name: str, tier: str) -> None:
    """Run one role as long as the process that started this one."""
    parent = os.getppid()
    logging.basicConfig(format=f"%(asctime)s %(levelname)s {name}: %(message)s")
    logging.getLogger("course").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _end)
    desk = open_desk(load_course())
    if role == "publisher":
        from ..grading.publisher import publish

        publish(desk, parent)
    else:
        from ..grading.worker import work

        work(desk, tier, name, parent)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)  # so that zygotes are closed on the way out


if __name__ == "__main__":
    main(*sys.argv[1:])
