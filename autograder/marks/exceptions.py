"""Exceptions from the due date: facts, each with who, when and why; none is changed, one can be lifted.

until     the date itself, ISO 8601 with a zone; the latest one counts
days      calendar days more
hours     hours more
factor    of the working time, from the unit's opening to its date: an accommodation
late_day  late days that the student (or staff for them) spent
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from .standings import touch, touch_unit
from .tables import ATTEMPTS, EXCEPTIONS

UNTIL, DAYS, HOURS, FACTOR, LATE_DAY = "until", "days", "hours", "factor", "late_day"
KINDS = (UNTIL, DAYS, HOURS, FACTOR, LATE_DAY)
ALL = ""  # every unit, or every student


@dataclass(frozen=True)
class Exemption:
    """One exception that was made."""

    id: int
    unit: str  # "" for all
    student: str  # "" for all
    kind: str
    value: str
    who: str
    moment: str
    why: str  # for staff only
    lifted: str | None = None
    lifted_by: str = ""
    lifted_why: str = ""

    def meets(self, unit: str, student: str) -> bool:
        """Whether it holds for a student at a unit."""
        return self.lifted is None and self.unit in (ALL, unit) and self.student in (ALL, student)


@dataclass(frozen=True)
class Deed:
    """Who does something, when and why."""

    who: str
    moment: str  # ISO 8601, UTC
    why: str = ""

    @classmethod
    def now(cls, who: str, why: str) -> Deed:
        """What somebody does at this moment."""
        return cls(who, datetime.now(UTC).isoformat(timespec="microseconds"), why)


def add(connection: Connection, unit: str, student: str, kind: str, value: str, deed: Deed) -> None:
    """Make an exception; ``""`` stands for all units or all students.

    Raises:
        ValueError: the value is none of its kind.
    """
    _check(kind, value)
    connection.execute(
        insert(EXCEPTIONS).values(
            unit=unit,
            student=student,
            kind=kind,
            value=value,
            who=deed.who,
            moment=deed.moment,
            why=deed.why,
        )
    )
    _touched(connection, unit, student)


def lift(connection: Connection, exemption: Exemption, deed: Deed) -> None:
    """Take an exception back; it stays on record."""
    mine = update(EXCEPTIONS).where(EXCEPTIONS.c.id == exemption.id, EXCEPTIONS.c.lifted.is_(None))
    connection.execute(mine.values(lifted=deed.moment, lifted_by=deed.who, lifted_why=deed.why))
    _touched(connection, exemption.unit, exemption.student)


def every(connection: Connection) -> list[Exemption]:
    """All that were made, oldest first, lifted ones too."""
    return [_of(row) for row in connection.execute(select(EXCEPTIONS).order_by(EXCEPTIONS.c.id))]


def holding(connection: Connection) -> list[Exemption]:
    """All that hold, at whichever unit, for whomever."""
    query = select(EXCEPTIONS).where(EXCEPTIONS.c.lifted.is_(None))
    return [_of(row) for row in connection.execute(query.order_by(EXCEPTIONS.c.id))]


def of_unit(connection: Connection, unit: str) -> list[Exemption]:
    """Those that hold at a unit, for whomever."""
    query = select(EXCEPTIONS).where(EXCEPTIONS.c.unit.in_((ALL, unit)), EXCEPTIONS.c.lifted.is_(None))
    return [_of(row) for row in connection.execute(query.order_by(EXCEPTIONS.c.id))]


def of_student(connection: Connection, student: str) -> list[Exemption]:
    """Those that name a student and hold, at whichever unit."""
    query = select(EXCEPTIONS).where(EXCEPTIONS.c.student == student, EXCEPTIONS.c.lifted.is_(None))
    return [_of(row) for row in connection.execute(query.order_by(EXCEPTIONS.c.id))]


def of(exemptions: Iterable[Exemption], unit: str, student: str) -> list[Exemption]:
    """Those of one student at one unit that hold."""
    return [each for each in exemptions if each.meets(unit, student)]


def late_days_spent(exemptions: Iterable[Exemption], student: str) -> int:
    """Of the student's budget, over all units."""
    return sum(
        int(each.value)
        for each in exemptions
        if each.kind == LATE_DAY and each.lifted is None and each.student == student
    )


def _check(kind: str, value: str) -> None:
    if kind == UNTIL:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
    elif kind in (DAYS, LATE_DAY):
        int(value)
    elif kind in (HOURS, FACTOR):
        float(value)
    else:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")


def _touched(connection: Connection, unit: str, student: str) -> None:
    """Whose marks may change: those with an attempt that it meets."""
    query = select(ATTEMPTS.c.unit, ATTEMPTS.c.student).distinct()
    if unit != ALL:
        query = query.where(ATTEMPTS.c.unit == unit)
    if student != ALL:
        query = query.where(ATTEMPTS.c.student == student)
    elif unit != ALL:
        touch_unit(connection, unit)
        return
    for row in connection.execute(query).all():
        touch(connection, row.unit, row.student)


def _of(row: Any) -> Exemption:
    return Exemption(**row._mapping)
