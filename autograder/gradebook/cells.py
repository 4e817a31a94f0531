"""A result as nbgrader sees it: one score per graded cell and one comment per answer cell.

A task's answer cell is named after the task, its graded cell ``points-<task>``.
Written answers are graded cells of other names; a person marks them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..errors import CourseError
from ..sanitize import SHORT, plain
from ..verdicts import Check, Result, Verdict

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
        _refuse_odd(result, check)
        name = PREFIX + check.task
        if check.earned > 0 and name not in earned:
            raise RefusedScoreError(
                f"{result.unit}/{result.student}: task {check.task!r} earned points, but the gradebook "
                f"has no cell {name!r}. Run 'course build {result.unit}'."
            )
        if name in earned and not check.bonus:
            earned[name] += check.earned
    return {name: round(min(max(score, 0.0), worth[name]), 6) for name, score in earned.items()}


def _refuse_odd(result: Result, check: Check) -> None:
    if not math.isfinite(check.earned) or not math.isfinite(check.points):
        raise RefusedScoreError(
            f"{result.unit}/{result.student}: {check.id} earned {check.earned!r} of {check.points!r}, "
            "expected finite numbers. Grade the submission again with --force."
        )


def comment(result: Result, task: str) -> str | None:
    """What nbgrader's feedback says at the answer cell of a task; None for other cells."""
    checks = [check for check in result.checks if check.task == task]
    if not checks:
        return None
    passed = sum(check.verdict is Verdict.PASSED for check in checks)
    lines = [f"{passed} of {len(checks)} checks passed."]
    lines += [_sentence(check) for check in checks if check.verdict is not Verdict.PASSED]
    return "\n\n".join(lines)


def summary(result: Result, task: str) -> str:
    """What stands under the graded cell in formgrader: a line for each check."""
    checks = [check for check in result.checks if check.task == task]
    if not checks:  # a file that is no notebook: its one check belongs to no task
        return "\n".join(_sentence(check) for check in result.checks)
    return "\n".join(
        f"{check.verdict:8} {check.earned:g}/{check.points:g}  {plain(check.title, SHORT)}"
        for check in checks
    )


def _sentence(check: Check) -> str:
    title = plain(check.title, SHORT).rstrip(".")
    parts = [f"{title}: {check.verdict}.", plain(check.reason), plain(check.hint)]
    return " ".join(part for part in parts if part)
