"""Garbage collection between submissions, not in the midst of them.

What a submission leaves behind is freed by its reference counts, but for a few circles.
To look for these about ten times per submission, as Python does by itself, costs as much
as several checks; to look once, when it is done, costs next to nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 1  # generations 0 and 1: what came since the last collection
_EVERY = 64  # submissions between two looks through everything that is not kept for good


class Collector:
    """Python's collector, as it suits a judge that stays warm."""

    def __init__(self) -> None:
        self._submissions = 0

    @contextmanager
    def after(self) -> Iterator[None]:
        """Leave garbage until the end.

        The first submission loads what all of them need (libraries for explanations, say). That
        stays for good, and is left out of what is looked through from then on.
        """
        enabled = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            self._collect()
            if enabled:
                gc.enable()

    def _collect(self) -> None:
        if self._submissions == 0:
            keep_all()
        elif self._submissions % _EVERY:
            gc.collect(_YOUNG)
        else:
            gc.collect()
        self._submissions += 1


def keep_all() -> None:
    """Leave what is there now out of garbage collection."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
