"""A mark as nbgrader sees it: one row per graded cell, and one comment per answer cell.

A task's answer cell is named after the task, its graded cell ``points-<task>``.
Written answers are graded cells of other names; a person marks them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..base.errors import CourseError
from ..base.text import SHORT, plain
from ..marks import AttemptMark, Mark, by_hand
from ..results.result import Check, Result, Verdict

PREFIX = "points-"


class RefusedScoreError(CourseError):
    """A mark that the gradebook cannot hold; nothing of it is written."""


class GradeRow(NamedTuple):
    """What stands in a row of a graded cell, by the names of nbgrader's columns."""

    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool

    @property
    def score(self) -> float:
        """nbgrader's ``Grade.score``."""
        base = self.manual_score if self.manual_score is not None else self.auto_score
        return 0.0 if base is None else float(base + (self.extra_credit or 0.0))


UNMARKED = GradeRow(None, None, None, True)  # as nbgrader makes them


def fact_name(cell: str) -> str:
    """The task or written question whose points stand in a graded cell."""
    return cell.removeprefix(PREFIX)


def grades(mark: Mark, names: Iterable[str]) -> dict[str, GradeRow]:
    """The rows of the graded cells in ``names``, whose scores and penalty make the mark.

    Raises:
        RefusedScoreError: a number is not finite, or a task with points has no cell.
    """
    counting = mark.counting
    if counting is None:
        return dict.fromkeys(names, UNMARKED)
    rows = {name: _grade(counting, fact_name(name)) for name in names}
    known = set(map(fact_name, rows))
    for name, cell in counting.cells.items():
        if not all(map(math.isfinite, (cell.points, cell.extra, cell.bonus, cell.automatic or 0.0))):
            raise _refused(
                mark, f"{name} has {cell.points!r} points, expected a finite number. Grade it again."
            )
        if (cell.points or cell.extra) and name not in known:
            raise _refused(
                mark,
                f"task {name!r} has points, but the gradebook has no cell {PREFIX + name!r}. "
                f"Run 'course build {mark.unit.name}'.",
            )
    return rows


def _grade(counting: AttemptMark, name: str) -> GradeRow:
    """A task has an automatic score; a written answer only where it was left as it came, which is 0."""
    cell = counting.cells.get(name)
    if cell is None:
        return GradeRow(0.0, None, None, False)
    left = counting.graded is not None and counting.graded.answers.get(name) == ""
    automatic = 0.0 if cell.automatic is None and left else cell.automatic
    entry = counting.entries.get((name, by_hand.POINTS))
    return GradeRow(automatic, entry.points if entry else None, cell.extra or None, cell.waits)


def _refused(mark: Mark, why: str) -> RefusedScoreError:
    return RefusedScoreError(f"{mark.unit.name}/{mark.student}: {why}")


def by_task(result: Result) -> dict[str, list[Check]]:
    """The checks of each task."""
    found: dict[str, list[Check]] = {}
    for check in result.checks:
        found.setdefault(check.task, []).append(check)
    return found


def comment(checks: Sequence[Check]) -> str | None:
    """What nbgrader's feedback says at the answer cell of a task with these checks; None for other cells."""
    if not checks:
        return None
    wrong = [check for check in checks if check.verdict is not Verdict.PASSED]
    passed = f"{len(checks) - len(wrong)} of {len(checks)} checks passed."
    return "\n\n".join([passed, *map(_sentence, wrong)])


def summary(checks: Sequence[Check]) -> str:
    """What stands under the graded cell of a task in formgrader: a line for each check."""
    return "\n".join(_line(check.verdict, check.earned, check.points, check.title) for check in checks)


@lru_cache(maxsize=4096)  # a class has few different ones
def _line(verdict: Verdict, earned: float, points: float, title: str) -> str:
    return f"{verdict:8} {earned:g}/{points:g}  {plain(title, SHORT)}"


def reasons(result: Result) -> str:
    """The same for a file that is no notebook: its one check belongs to no task."""
    return "\n".join(map(_sentence, result.checks))


def _sentence(check: Check) -> str:
    title = plain(check.title, SHORT).rstrip(".")
    parts = [f"{title}: {check.verdict}.", plain(check.reason), plain(check.hint)]
    return " ".join(part for part in parts if part)
