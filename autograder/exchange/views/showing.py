"""What a student sees of a result: the course's disclosure, and what was paid for.

Before the student's own due date and its grace (or that of whoever has most time, where the course says
so) an explanation (named mistake, what was seen, hint, smallest case) that the course discloses is shown for
those tasks that the student has opened with a token, and in later attempts for the same mistake. Before that
all wrong checks say the same, whether we know the mistake or not. After it, all is open that the course ever
opens.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from ...course import Course, Unit
from ...results.disclosure import NAMES_A_MISTAKE, UNNAMED, as_student, shown, shown_at_last
from ...results.result import Check, Result, Verdict
from ..store.hints import about, explains

_FREE = {Verdict.FAILED: UNNAMED, Verdict.ERROR: "Your code raised an exception."}
_NOT_LOADED = re.compile(r"\S+ is not defined: ")  # as ``student/claims/causes.py`` begins


@dataclass(frozen=True)
class View:
    """A result as its student may see it now."""

    result: Result
    verdicts: bool  # False where single checks are not shown yet
    closed: tuple[str, ...]  # tasks with an explanation that a token would open


def view(
    course: Course, unit: Unit, result: Result, opened: Collection[str], now: datetime, opens: datetime
) -> View:
    """What is open of a result.

    Args:
        course: for its disclosure and tokens.
        unit: of the result.
        result: all of it.
        opened: names of explanations that were paid for.
        now: the server's time.
        opens: when all is open for this student (``UnitFacts.opens``).
    """
    over = now >= opens
    open_ = shown_at_last(course.disclosure) if over else shown(course.disclosure, unit, now, opens)
    seen = as_student(result, open_)
    if over or course.hint_tokens is None or not open_.verdicts:
        return View(seen, open_.verdicts, ())
    bare = tuple(_free(check) for check in seen.checks)
    told = [full != plain for full, plain in zip(seen.checks, bare, strict=True)]
    shut = [
        more and about(whole.task, result.checks) not in opened and explains(whole) not in opened
        for more, whole in zip(told, result.checks, strict=True)
    ]
    closed = dict.fromkeys(check.task for check, is_shut in zip(seen.checks, shut, strict=True) if is_shut)
    checks = tuple(plain if s else full for s, full, plain in zip(shut, seen.checks, bare, strict=True))
    return View(replace(seen, checks=checks), True, tuple(closed))


def _free(check: Check) -> Check:
    """What costs nothing: that it failed and which way; the same whether we know the mistake or not.

    What kept the notebook from loading is no explanation of a task, and stays.
    """
    if check.verdict not in NAMES_A_MISTAKE or _NOT_LOADED.match(check.reason):
        return check if check.case is None else replace(check, case=None)
    return replace(check, reason=_FREE[check.verdict], hint="", mistake=None, case=None)


def view_terms(course: Course, unit: Unit, now: datetime, opens: datetime) -> tuple[str, ...]:
    """What a view depends on beside the result and what was paid for."""
    over = now >= opens
    open_ = shown_at_last(course.disclosure) if over else shown(course.disclosure, unit, now, opens)
    return repr(over), repr(open_), repr(course.hint_tokens is None)
