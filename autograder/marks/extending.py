"""What an exception from the due date may be: held against the unit before it is made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from ..base.errors import UsageError
from ..course import Course, Unit
from .dates import unit_due, zone_of
from .exceptions import DAYS, FACTOR, HOURS, UNTIL
from .facts import first_release

WORDS = {DAYS: "{} days more", HOURS: "{} hours more", FACTOR: "{} times the working time", UNTIL: "until {}"}
A_DAY = len("2027-01-20")


def until_moment(course: Course, unit: Unit, text: str) -> datetime:
    """The moment that is meant: in the course's zone where no zone was written; a day alone means its end.

    Raises:
        UsageError: it is no moment, or before the unit's date.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"'until' is {text!r}, expected a moment such as 2027-01-20T23:59") from error
    if len(text.strip()) <= A_DAY:
        moment = moment.replace(hour=23, minute=59)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(course, unit))
    due = unit_due(course, unit)
    if moment < due:
        raise UsageError(
            f"{when(moment)} is before the unit's date, {when(due)}; "
            "an exception gives time and takes none. An earlier date for all stands in course_config.py."
        )
    return moment


def opening_known(connection: Connection, unit: Unit) -> bool:
    """Whether it is known when a unit opens, from where a factor of the working time counts."""
    return unit.opens is not None or first_release(connection, unit.name) is not None


def when(moment: datetime) -> str:
    """A date as people read it, with its zone."""
    return f"{moment:%Y-%m-%d %H:%M %Z}"
