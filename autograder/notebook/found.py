"""One student's submission, as it was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..base.text import capped
from .platforms import PlatformName, Submitter

_MOST_NAMES = 5  # that a sentence lists


@dataclass(frozen=True)
class Found:
    """One student's submission for one unit."""

    student: str
    path: Path  # may not exist or be no regular file: then the result says so
    submitted: str | None = None  # ISO 8601, of nbgrader's timestamp.txt or the platform's metadata
    wrong: str = ""  # why there is no notebook at ``path``, for the student
    called: str = ""  # what the student's file is called, where it is kept under another name
    note: str = ""  # for student and staff: why it is this one of several files
    named: PlatformName | None = None  # by the learning platform that it was downloaded from
    people: tuple[Submitter, ...] = ()  # who handed it in, where the platform says so; several are a group
    unread_time: str = ""  # what was written as the time and cannot be read

    @property
    def name(self) -> str:
        """The name of the file that was handed in."""
        return self.called or self.path.name

    @property
    def platform(self) -> str:
        """Where it was downloaded from, such as ``"canvas"``; empty where no platform named it."""
        return self.named.platform if self.named else ""

    @property
    def platform_id(self) -> str:
        """The platform's number for the student, or for the submission."""
        return self.named.id if self.named else ""

    @property
    def stated_late(self) -> bool:
        """True where its platform says that it came late."""
        return self.named is not None and self.named.late


def listing(names: Iterable[str]) -> str:
    """Names on one line, whatever characters are in them."""
    shown = ["".join(c if c.isprintable() else "?" for c in name)[:80] for name in names]
    return ", ".join(capped(shown, _MOST_NAMES))
