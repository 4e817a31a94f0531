"""The ends of a server that are known, and why: its profile's hours (``ends.py``), a GPU that is idle.

JupyterLab asks for the next one (``lab_tools.py``).
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Any

from .ends import seconds_left, started_here

SETTING = "course_ends"
HOURS = "hours"


class KnownEnds:
    """What ends this server, by what brings it."""

    def __init__(self, now: float) -> None:
        """``now``: in seconds since 1970."""
        left = seconds_left(os.environ, started_here(), now)
        self._ends = {} if left is None else {HOURS: (now + left, "")}

    def expect(self, what: str, moment: str | None, why: str) -> None:
        """An end that is going to come, or that is not any more.

        Args:
            what: brings it, such as "gpu"; what it brought before is forgotten.
            moment: in ISO 8601 with a zone; None: there is none.
            why: a sentence for the server's owner.
        """
        if moment is None:
            self._ends.pop(what, None)
        else:
            self._ends[what] = (datetime.fromisoformat(moment).timestamp(), why)

    def next_one(self, now: float) -> dict[str, Any]:
        """``seconds`` that are left, None where no end is known, and ``why``, "" where its time is over."""
        if not self._ends:
            return {"seconds": None, "why": ""}
        moment, why = min(self._ends.values())
        return {"seconds": max(0.0, moment - now), "why": why}


def ends_of(settings: dict[str, Any]) -> KnownEnds:
    """The ends of the server with these settings; other extensions add theirs."""
    found: KnownEnds = settings.setdefault(SETTING, KnownEnds(time.time()))
    return found
