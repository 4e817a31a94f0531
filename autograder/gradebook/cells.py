"""A result as nbgrader sees it: one score per graded cell and one comment per answer cell.

A task's answer cell is named after the task, its graded cell ``points-<task>``.
Written answers are graded cells of other names; a person marks them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..base.errors import CourseError
from ..base.text import SHORT, plain
from ..results.result import Check, Result, Verdict

PREFIX = "points-"


class RefusedScoreError(CourseError):
    """A score that is no mark; nothing of the result is written."""


def scores(result: Result, worth: Mapping[str, float]) -> dict[str, float]:
    """The automatic score of each graded cell ``points-<task>`` in ``worth``, in [0, worth].

    Raises:
        RefusedScoreError: an earned number is not finite, or a task with points has no cell.
    """
    earned: dict[str, float] = {name: 0.0 for name in worth if name.startswith(PREFIX)}
    for check in result.checks:
        if not (math.isfinite(check.earned) and math.isfinite(check.points)):
            raise _odd(result, check)
        name = PREFIX + check.task
        if check.earned > 0 and name not in earned:
            raise RefusedScoreError(
                f"{result.unit}/{result.student}: task {check.task!r} earned points, but the gradebook "
                f"has no cell {name!r}. Run 'course build {result.unit}'."
            )
        if name in earned and not check.bonus:
            earned[name] += check.earned
    return {name: round(min(max(score, 0.0), worth[name]), 6) for name, score in earned.items()}


def _odd(result: Result, check: Check) -> RefusedScoreError:
    return RefusedScoreError(
        f"{result.unit}/{result.student}: {check.id} earned {check.earned!r} of {check.points!r}, "
        "expected finite numbers. Grade the submission again with --force."
    )


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
