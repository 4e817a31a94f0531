"""The statement that a test process is executing, on a page of memory shared with its room.

Written by the test process, whose student code may write there too: what is read is
a claim, and is taken only where it is possible (see ``room`` for why a lie is no use).
"""

from __future__ import annotations

import mmap
import struct
import time

from ..program.loading import NOWHERE

_ENTRY = struct.Struct("=qd")  # place of the statement, when it began (of time.monotonic)
_LONGEST = 1e6  # seconds


class LoadingPlace:
    """One page; made before the fork, so that both processes hold it."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self.tell(NOWHERE)

    def tell(self, place: int) -> None:
        """Say which statement begins now; ``NOWHERE`` when all have ended."""
        _ENTRY.pack_into(self._page, 0, place, time.monotonic())

    def hide(self) -> None:
        """Keep the page out of later forks, so that no two tests share it."""
        if hasattr(mmap, "MADV_DONTFORK"):
            self._page.madvise(mmap.MADV_DONTFORK)

    def look(self) -> tuple[int, float]:
        """Which statement is being executed, or ``NOWHERE``, and for how many seconds; a claim."""
        place, begun = _ENTRY.unpack_from(self._page, 0)
        seconds = time.monotonic() - begun
        possible = 0 <= seconds < _LONGEST  # also refuses what is no number
        return (place, seconds) if possible else (NOWHERE, 0.0)

    def close(self) -> None:
        """Give the page back."""
        self._page.close()
