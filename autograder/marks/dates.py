"""A student's own due date: a function of the course, of exceptions, and of when the unit was released.

    the unit's date  →  an accommodation's factor of the working time  →  the latest "until"
                     →  days and hours given  →  late days that were spent

Days are those of the calendar of the course's zone, so that a day in which the clock changes is one day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ..course import Course, Unit
from ..results.late import days_later, parse_time
from .exceptions import DAYS, FACTOR, HOURS, LATE_DAY, UNTIL, Exemption


@dataclass(frozen=True)
class Due:
    """When a student has to hand in, and why that is another date than the unit's."""

    moment: datetime
    unit: datetime
    why: tuple[str, ...] = ()  # for the student: "your extension", "2 late days"
    late_days: int = 0  # that were spent

    @property
    def own(self) -> bool:
        """True where it is not the unit's date."""
        return self.moment != self.unit


def due_of(
    course: Course, unit: Unit, exemptions: Iterable[Exemption] = (), released: str | None = None
) -> Due:
    """The due date of one student.

    Args:
        course: for its zone.
        unit: for its date, and when it opens.
        exemptions: those of this student at this unit that hold (``exceptions.of``).
        released: when the unit was first released, ISO 8601; for factors of the working time.
    """
    base = unit_due(course, unit)
    by_kind: dict[str, list[Exemption]] = {}
    for each in exemptions:
        by_kind.setdefault(each.kind, []).append(each)
    moment = _stretched(base, unit, by_kind.get(FACTOR, []), released)
    if UNTIL in by_kind:
        last = max(by_kind[UNTIL], key=lambda each: each.id)
        # never less time than the class has, whose date may have been moved since
        moment = max(moment, datetime.fromisoformat(last.value).astimezone(base.tzinfo))
    moment = _after(moment, timedelta(hours=sum(float(each.value) for each in by_kind.get(HOURS, []))))
    moment = days_later(moment, sum(int(each.value) for each in by_kind.get(DAYS, [])))
    late_days = sum(int(each.value) for each in by_kind.get(LATE_DAY, []))
    return Due(days_later(moment, late_days), base, tuple(_why(by_kind, late_days)), late_days)


def unit_due(course: Course, unit: Unit) -> datetime:
    """The unit's date in the course's zone."""
    return datetime.fromisoformat(unit.due).astimezone(zone_of(course, unit))


def zone_of(course: Course, unit: Unit) -> tzinfo | None:
    """The course's zone; without one, the offset that the unit's date has."""
    return ZoneInfo(course.zone) if course.zone else datetime.fromisoformat(unit.due).tzinfo


def last_due(course: Course, unit: Unit, dues: Collection[Due]) -> datetime:
    """The date of whoever has most time."""
    return max([due.moment for due in dues], default=unit_due(course, unit))


def closes(course: Course, due: Due) -> datetime:
    """The end of the late period: afterwards nothing counts, and no late day can be spent."""
    return days_later(due.moment, course.late.days)


def _stretched(base: datetime, unit: Unit, factors: list[Exemption], released: str | None) -> datetime:
    """The date after factors of the working time, which begins when the unit opens."""
    begins = parse_time(unit.opens or released)
    if not factors or begins is None or begins >= base:
        return base
    return _after(base, (base - begins) * (max(float(each.value) for each in factors) - 1))


def _after(moment: datetime, time: timedelta) -> datetime:
    """So much later by a clock that is never changed."""
    return (moment.astimezone(UTC) + time).astimezone(moment.tzinfo)


def _why(by_kind: dict[str, list[Exemption]], late_days: int) -> Iterable[str]:
    if UNTIL in by_kind or HOURS in by_kind or DAYS in by_kind:
        yield "your extension"
    if FACTOR in by_kind:
        yield "your accommodation"
    if late_days:
        yield f"{late_days} late day{'s' if late_days > 1 else ''}"
