"""What the other modules pass around: cells, a release, a submission."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Cell:
    """One cell, as far as grading looks at it."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    grade_id: str | None  # nbgrader's name of the cell; None for a student's own
    task: str | None  # the task whose solution stands here
    locked: bool
    index: int  # place in the student's notebook, from 0

    @property
    def label(self) -> str:
        """How messages name the cell: ``cell 4 (check-conv2d_forward)``."""
        return f"cell {self.index + 1}" + (f" ({self.grade_id})" if self.grade_id else "")

    @cached_property
    def plain(self) -> str:
        """The text without what editors change on their own: trailing blanks and empty ends."""
        return "\n".join(line.rstrip() for line in self.source.strip().split("\n"))


@dataclass(frozen=True)
class Release:
    """What a released notebook says about its unit."""

    unit: str
    version: str
    tasks: dict[str, tuple[str, ...]]  # task -> the names that its cell defines
    cells: tuple[Cell, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the tasks define, in the order of the notebook."""
        return tuple(dict.fromkeys(name for names in self.tasks.values() for name in names))


@dataclass(frozen=True)
class Submission:
    """A student's notebook, read and healed."""

    cells: tuple[Cell, ...]
    healed: tuple[str, ...]  # what was put right, one sentence each
    version: str | None  # of the release that it says it was made from
    digest: str  # sha256 (hex) of the healed cells
    python: str = ""  # which Python saved it, as it says: "3.13"
