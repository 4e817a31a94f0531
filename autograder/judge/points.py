"""From how checks ended to points; points are given here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from ..course import Unit
from ..results.result import HOLDS, Check, Result, Verdict, totals
from ..unit.criteria import Criterion, read_criteria
from .outcome import OUR_FAULT, Outcome


def give_points(marks: tuple[Criterion, ...], outcomes: Mapping[str, Outcome]) -> tuple[Check, ...]:
    """One ``Check`` per mark; a law earns only where a value check of its task passed."""
    proven = {mark.task for mark in marks if not mark.law and outcomes[mark.id].verdict is Verdict.PASSED}
    return tuple(_check(mark, outcomes[mark.id], mark.task in proven) for mark in marks)


def _check(mark: Criterion, outcome: Outcome, proven: bool) -> Check:
    verdict, reason = outcome.verdict, outcome.reason
    if verdict is Verdict.PASSED and mark.law and not proven:
        verdict = Verdict.BLOCKED
        reason = f"{HOLDS} {mark.task} gives right values in another check."
    return Check(
        id=mark.id,
        task=mark.task,
        title=mark.title,
        points=mark.points,
        earned=mark.points if verdict is Verdict.PASSED else 0.0,
        verdict=verdict,
        reason=reason,
        bonus=mark.bonus,
        notes=outcome.notes,
    )


def broken_checks(marks: tuple[Criterion, ...], why: str) -> tuple[Check, ...]:
    """Every check BROKEN: a fault of ours, which never costs a student points."""
    return _all(marks, Verdict.BROKEN, OUR_FAULT, (why,))


def broken_unit_result(unit: Unit, tier: str, student: str, why: str) -> Result:
    """A result without a score, where we could not grade."""
    checks = broken_checks(read_criteria(unit.grader), why)
    return Result(
        unit.name, student, checks=checks, isolation=tier, loaded="not", flags=(why,), **totals(checks)
    )


def unreadable_result(unit: Unit, tier: str, student: str, reason: str) -> Result:
    """Every check ERROR: the file is no notebook."""
    checks = _all(read_criteria(unit.grader), Verdict.ERROR, reason, ())
    return Result(
        unit.name,
        student,
        checks=checks,
        isolation=tier,
        loaded="not",
        flags=("unreadable",),
        **totals(checks),
    )


def _all(
    marks: tuple[Criterion, ...], verdict: Verdict, reason: str, notes: tuple[str, ...]
) -> tuple[Check, ...]:
    return give_points(marks, {mark.id: Outcome(verdict, reason, notes) for mark in marks})
