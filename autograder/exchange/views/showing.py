"""What a student sees of a result: the course's disclosure, and what was paid for.

Before the due date an explanation (named mistake, hint, smallest case) that the course
discloses is shown for those tasks that the student has opened with a token. After it,
all is open that the course ever opens.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from ...course import Course, Unit
from ...results.disclosure import Shown, as_student, shown, shown_at_last
from ...results.result import Check, Result, Verdict
from ..store.hints import about


@dataclass(frozen=True)
class View:
    """A result as its student may see it now."""

    result: Result
    verdicts: bool  # False where single checks are not shown yet
    closed: tuple[str, ...]  # tasks with an explanation that a token would open


def view(course: Course, unit: Unit, result: Result, opened: Collection[str], now: datetime) -> View:
    """What is open of a result.

    Args:
        course: for its disclosure and tokens.
        unit: for its due date.
        result: all of it.
        opened: names of explanations that were paid for.
        now: the server's time.
    """
    over = now >= datetime.fromisoformat(unit.due)
    open_ = shown_at_last(course.disclosure) if over else shown(course.disclosure, unit, now)
    seen = as_student(result, open_)
    if over or course.hint_tokens is None or not open_.verdicts:
        return View(seen, open_.verdicts, ())
    bare = as_student(result, Shown(verdicts=True, mistakes=False, smallest_case=False))
    closed = tuple(task for task in _explained(seen, bare) if about(task, result.checks) not in opened)
    checks = tuple(
        plain if plain.task in closed else full for full, plain in zip(seen.checks, bare.checks, strict=True)
    )
    return View(replace(seen, checks=checks), True, closed)


def _explained(seen: Result, bare: Result) -> list[str]:
    """Tasks of which the open result says more than the bare one."""
    differing = (
        full.task for full, plain in zip(seen.checks, bare.checks, strict=True) if _says_more(full, plain)
    )
    return list(dict.fromkeys(differing))


def _says_more(full: Check, plain: Check) -> bool:
    return full.verdict is not Verdict.PASSED and full != plain
