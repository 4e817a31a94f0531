"""Files named by their digest: written once, whole or not at all, never changed.

What an attempt has is made read-only (``pin``), and what is read-only is never thrown away. What was stored
before and is stored once more is touched, so that it is as young as a new one. Only who deletes a
student's data removes it (``remove``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..base.files import PRIVATE, reach_disk, replace_file, replaced_together
from ..base.leftovers import clear_leftovers
from ..course import Course
from .database import folder

PINNED = 0o400


@dataclass(frozen=True)
class Blobs:
    """A folder of files named by their SHA-256."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where a file lies."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Store bytes and return their digest; they are on the disk when this returns.

        Raises:
            OSError: the disk is full, or cannot be written; nothing is left behind.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _touched(target):
            replace_file(target, content, PRIVATE)
            reach_disk(target.parent)
        return sha256

    @contextmanager
    def together(self) -> Iterator[Callable[[bytes], str]]:
        """The same for many, which wait for the disk together; they are on it at the end.

        Raises:
            OSError: the disk is full, or cannot be written; nothing is left behind.
        """
        new: set[Path] = set()
        with replaced_together(PRIVATE) as replace:

            def put(content: bytes) -> str:
                sha256 = hashlib.sha256(content).hexdigest()
                target = self.path(sha256)
                if target not in new and not _touched(target):
                    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    replace(target, content)
                    new.add(target)
                return sha256

            yield put
        for place in {target.parent for target in new}:
            reach_disk(place)

    def clear_leftovers(self) -> None:
        """Remove what processes left behind that were killed while they stored a file."""
        for place in self.folder.glob("??"):
            clear_leftovers(place)

    def get(self, sha256: str) -> bytes:
        """The bytes of a stored file."""
        return self.path(sha256).read_bytes()

    def pin(self, sha256: str) -> None:
        """Let a stored file stay for ever."""
        self.path(sha256).chmod(PINNED)

    def is_old(self, sha256: str, moment: float) -> bool:
        """Whether a file was stored, for the last time, before a moment; True where there is none.

        Args:
            sha256: its digest.
            moment: seconds since 1970.
        """
        try:
            return self.path(sha256).stat().st_mtime < moment
        except FileNotFoundError:
            return True

    def throw_away(self, sha256: str, moment: float) -> bool:
        """Remove a file that is not pinned and was stored before a moment; whether it was there and went."""
        path = self.path(sha256)
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        if stat.S_IMODE(found.st_mode) == PINNED or found.st_mtime >= moment:
            return False
        path.unlink()
        return True

    def remove(self, sha256: str) -> None:
        """Remove a file, pinned or not; for who made sure that nothing has it."""
        self.path(sha256).unlink(missing_ok=True)


def _touched(path: Path) -> bool:
    """Make a file as young as if it were written now; False where there is none."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def blobs_of(course: Course) -> Blobs:
    """Those of a course."""
    return Blobs(folder(course) / "blobs")
