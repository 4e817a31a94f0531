"""Printed text: kept up to a limit, then dropped.

An honest notebook may print more than anybody reads; that must not fail it, and a
flood must not fill anything. So text beyond the limit vanishes here, and what
native code writes past this object meets the limit on file size.
"""

from __future__ import annotations

import io
import os
import sys


class Capped(io.RawIOBase):
    """A stream to a descriptor that swallows what is over ``limit`` bytes."""

    def __init__(self, fd: int, limit: int) -> None:
        self._fd = fd
        self._left = limit

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take everything, write what still fits."""
        view = memoryview(data)
        if self._left > 0:
            self._left -= os.write(self._fd, view[: self._left])
        return len(view)


def redirect(limit: int) -> None:
    """Send ``sys.stdout`` and ``sys.stderr`` through one capped stream each."""
    sys.stdout = sys.__stdout__ = _text(1, limit)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _text(2, limit)  # type: ignore[misc]


def _text(fd: int, limit: int) -> io.TextIOWrapper:
    raw: io.RawIOBase = Capped(fd, limit // 2)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
