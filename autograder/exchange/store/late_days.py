"""Late days: a budget over all units, of which a student spends one at a time, to move a date by a day.

Each is an exception from the due date (``marks/exceptions.py``). Budget and exception are looked at and
made in one transaction, so that two clicks at once do not spend what is there once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ...course import Unit
from ...marks import Due, UnitFacts, exceptions, read_dates
from ...marks.dates import closes
from ...marks.exceptions import LATE_DAY, Deed, Exemption
from ...results.late import days_later
from ..service.refusals import Refused
from .database import one_at_a_time
from .desk import Desk, stamp


@dataclass(frozen=True)
class LateDays:
    """A student's late days, and what one more would do at a unit."""

    budget: int  # of the course, over all units
    left: int
    due: Due  # as it is now
    until: datetime  # the date with one more
    closes: datetime  # when none can be spent any more
    over: bool  # that moment has come

    @property
    def refused(self) -> str:
        """Why none can be spent now; empty where one can."""
        if self.left < 1:
            return f"No late day is left: {self.budget} of {self.budget} are spent, over all units."
        return "The late period of this unit is over: no late day can be spent any more." if self.over else ""


def spent_by(connection: Connection, student: str) -> int:
    """How many a student has spent, over all units."""
    return exceptions.late_days_spent(exceptions.of_student(connection, student), student)


def spent_by_all(connection: Connection) -> Counter[str]:
    """The same for everybody."""
    spent: Counter[str] = Counter()
    for each in exceptions.every(connection):
        if each.kind == LATE_DAY and each.lifted is None:
            spent[each.student] += int(each.value)
    return spent


def late_days(dates: UnitFacts, student: str, spent: int, now: datetime) -> LateDays | None:
    """A student's late days at a unit, of which so many are spent; None where the course has none."""
    budget = dates.course.late_days
    if not budget:
        return None
    due = dates.due(student)
    end = closes(dates.course, due)
    return LateDays(budget, max(budget - spent, 0), due, days_later(due.moment, 1), end, now >= end)


@dataclass(frozen=True)
class Agreed:
    """What a form showed when it was sent, so that a second click on it spends nothing more."""

    until: str | None = None  # the date that it would be then, ISO 8601
    after: int | None = None  # id of the last exception that was listed


def spend(desk: Desk, unit: Unit, student: str, agreed: Agreed, who: str, why: str = "") -> None:
    """Spend one late day of a student at a unit.

    Args:
        desk: the exchange.
        unit: whose date it moves.
        student: whose it is.
        agreed: what was seen before.
        who: the student, or staff for them.
        why: for staff only.

    Raises:
        Refused: there is none left, it is too late, or the date has changed meanwhile.
    """
    course, now = desk.course, desk.now()
    with desk.database.write() as connection:
        one_at_a_time(connection, "late days", student)
        dates = read_dates(connection, course, unit)
        found = late_days(dates, student, spent_by(connection, student), now)
        if found is None:
            raise Refused(409, f"{course.title} has no late days.")
        if _clicked_before(agreed, found, exceptions.of(dates.exemptions, unit.name, student)):
            return
        if found.refused:
            raise Refused(409, found.refused)
        if agreed.until not in (None, found.until.isoformat()):
            raise Refused(409, "The due date has changed meanwhile, and no late day was spent. Look again.")
        exceptions.add(connection, unit.name, student, LATE_DAY, "1", Deed(who, stamp(now), why))


def _clicked_before(agreed: Agreed, found: LateDays, own: list[Exemption]) -> bool:
    if agreed.after is not None:
        return any(each.kind == LATE_DAY and each.id > agreed.after for each in own)
    return found.due.late_days > 0 and agreed.until == found.due.moment.isoformat()
