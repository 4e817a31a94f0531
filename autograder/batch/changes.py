"""What grading anew changes: whose mark, by how much, by which check and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import shorten

from ..marks import Mark
from ..results.result import Check, Result

MOST_CHECKS = 4  # that are named of one mark
LONGEST_REASON = 100  # characters


@dataclass(frozen=True)
class CheckChange:
    """One check that ended otherwise than before; None stands for a check that was not, or is no more."""

    attempt: int  # its number
    id: str
    title: str
    before: str | None  # verdict
    after: str | None
    earned_before: float
    earned_after: float
    reason: str  # of the new verdict, or of the old one where the check passes now


@dataclass(frozen=True)
class MarkChange:
    """One mark before and after."""

    student: str
    before: float | None
    after: float | None
    out_of: float | None
    how: str  # the new mark came about
    kept: bool  # points that the checks no longer give count, since they were shown
    checks: tuple[CheckChange, ...]

    @property
    def by(self) -> float:
        """Points that the mark rises; negative where it falls."""
        return round((self.after or 0.0) - (self.before or 0.0), 6)


def changed_checks(attempt: int, before: Result, after: Result) -> tuple[CheckChange, ...]:
    """The checks of an attempt that ended otherwise, or give other points."""
    old, new = ({check.id: check for check in result.checks} for result in (before, after))
    return tuple(
        _change(attempt, old.get(name), new.get(name))
        for name in dict.fromkeys((*new, *old))
        if _outcome(old.get(name)) != _outcome(new.get(name))
    )


def changed_marks(
    before: Mapping[str, Mark], after: Mapping[str, Mark], checks: Mapping[str, tuple[CheckChange, ...]]
) -> list[MarkChange]:
    """Marks that are others, or would be if nothing were kept; by name.

    Args:
        before: marks by student.
        after: the same after grading.
        checks: that ended otherwise, by attempt.
    """
    changes = []
    for student, mark in sorted(after.items()):
        old = before.get(student)
        own = tuple(change for name in _counting(old, mark) for change in checks.get(name, ()))
        kept = bool(own) and mark.counting is not None and mark.counting.kept is not None
        points = None if old is None else old.points
        if points != mark.points or kept:
            changes.append(MarkChange(student, points, mark.points, mark.out_of, mark.how, kept, own))
    return changes


def why(change: MarkChange) -> list[str]:
    """Why a mark is another, in a few lines."""
    told = [_told(check) for check in change.checks[:MOST_CHECKS]]
    more = len(change.checks) - len(told)
    if more > 0:
        told.append(f"{more} more checks")
    if change.kept:
        told.insert(0, "the earlier result is kept, since it was shown")
    return told or [change.how]


def _told(check: CheckChange) -> str:
    points = check.earned_after - check.earned_before
    reason = shorten(check.reason, LONGEST_REASON, placeholder=" …")
    verdicts = f"{check.before or 'new'} → {check.after or 'gone'} ({points:+g})"
    text = f"attempt {check.attempt}, {check.id}: {verdicts}"
    return f"{text}: {reason}" if reason else text


def _counting(*marks: Mark | None) -> Iterator[str]:
    """The attempts that count before and after, each once."""
    chosen = (mark.counting.attempt.id for mark in marks if mark is not None and mark.counting is not None)
    return iter(dict.fromkeys(chosen))


def _outcome(check: Check | None) -> tuple[str, float, float] | None:
    return None if check is None else (check.verdict, check.earned, check.points)


def _change(attempt: int, old: Check | None, new: Check | None) -> CheckChange:
    either = new or old
    assert either is not None
    reason = (new.reason if new else "") or (old.reason if old else "")
    return CheckChange(
        attempt,
        either.id,
        either.title,
        str(old.verdict) if old else None,
        str(new.verdict) if new else None,
        old.earned if old else 0.0,
        new.earned if new else 0.0,
        reason,
    )
