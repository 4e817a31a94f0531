"""What the other modules pass around: cells, and a submission that is made of them."""

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
class Submission:
    """A student's notebook, read and healed."""

    cells: tuple[Cell, ...]
    healed: tuple[str, ...]  # what was put right, one sentence each
    version: str | None  # of the release that it says it was made from
    digest: str  # sha256 (hex) of the healed cells
    python: str = ""  # which Python saved it, as it says: "3.13"
