"""One student's submission, as it was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..base.text import capped

_MOST_NAMES = 5  # that a sentence lists


@dataclass(frozen=True)
class Found:
    """One student's submission for one unit."""

    student: str
    path: Path  # may not exist or be no regular file: then the result says so
    submitted: str | None = None  # ISO 8601, from nbgrader's timestamp.txt
    wrong: str = ""  # why there is no notebook at ``path``, for the student
    called: str = ""  # what the student's file is called, where it is kept under another name
    note: str = ""  # for student and staff: why it is this one of several files

    @property
    def name(self) -> str:
        """The name of the file that was handed in."""
        return self.called or self.path.name


def listing(names: Iterable[str]) -> str:
    """Names on one line, whatever characters are in them."""
    shown = ["".join(c if c.isprintable() else "?" for c in name)[:80] for name in names]
    return ", ".join(capped(shown, _MOST_NAMES))
