"""The total over all units: weighted, without the lowest ones where the course says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..course import Course
from .dates import closes
from .facts import UnitFacts
from .mark import Mark


@dataclass(frozen=True)
class Total:
    """What a student has over all units."""

    percent: float | None  # None where no unit counts yet
    units: tuple[str, ...]  # that count
    dropped: tuple[str, ...] = ()  # the lowest ones, which do not


def total_of(course: Course, marks: Mapping[str, Mark], over: tuple[str, ...] = ()) -> Total:
    """The weighted mean of the units' shares, each of its own denominator, in percent.

    Args:
        course: for weights and how many of the lowest are dropped.
        marks: of one student, by unit; a unit without a mark is left out, unless it is over.
        over: units whose date has passed: without a mark they count as 0.
    """
    shares: dict[str, float] = {}
    for unit in course.units:
        mark = marks.get(unit.name)
        if unit.weight and mark is not None and mark.points is not None and mark.out_of:
            shares[unit.name] = mark.points / mark.out_of
        elif unit.weight and unit.name in over:
            shares[unit.name] = 0.0
    weights = {unit.name: unit.weight for unit in course.units}
    dropped = _lowest(course, shares)
    counted = [name for name in shares if name not in dropped]
    whole = sum(weights[name] for name in counted)
    if not whole:
        return Total(None, (), dropped)
    percent = 100 * sum(shares[name] * weights[name] for name in counted) / whole
    return Total(round(percent, 2), tuple(counted), dropped)


def units_over(facts: Iterable[UnitFacts], students: Iterable[str], moment: datetime) -> tuple[str, ...]:
    """Units at which a student, under whatever names, cannot get a mark any more: the late period is over."""
    names = list(students)
    return tuple(
        each.unit.name
        for each in facts
        if all(closes(each.course, each.due(name)) < moment for name in names)
    )


def _lowest(course: Course, shares: Mapping[str, float]) -> tuple[str, ...]:
    """At least one unit stays."""
    count = min(course.drop_lowest, max(len(shares) - 1, 0))
    return tuple(sorted(shares, key=lambda name: shares[name])[:count])
