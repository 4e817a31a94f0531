"""What a late submission loses. It is taken from the mark, never from ``score``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo

from ..course import LatePolicy

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lateness:
    """How late a submission is and what that costs."""

    by: timedelta = timedelta()  # after the student's own due date; zero within the grace period
    percent: float = 0.0  # of the mark

    def penalty(self, mark: float) -> float:
        """The points that ``mark`` loses; never more than the mark, never negative."""
        return round(max(mark, 0.0) * self.percent / 100, 6)


def lateness(
    policy: LatePolicy, due: str | datetime, submitted: str | None, stated_late: bool = False
) -> Lateness:
    """Judge the time of a submission; without a known time nothing is lost.

    Each started day costs ``percent_per_day``; after ``days`` days the mark is lost. Where ``due`` has a
    time zone with summer time, days are those of its calendar. A time without a zone is taken as UTC, as
    nbgrader does. ``stated_late``: its platform says that it came late, and no time is known: one day.

    >>> lateness(LatePolicy(10.0, 5), "2027-01-17T12:00+00:00", "2027-01-18T13:00+00:00").percent
    20.0
    """
    moment = parse_time(submitted)
    if moment is None:
        return _lost(policy, DAY, 1) if stated_late else Lateness()
    date = datetime.fromisoformat(due) if isinstance(due, str) else due
    by = moment - date
    if by <= timedelta(minutes=policy.grace_minutes):
        return Lateness()
    return _lost(policy, by, started_days(date, moment))


def started_days(due: datetime, moment: datetime) -> int:
    """How many days after ``due`` have begun at a later ``moment``, by the calendar of ``due``'s zone."""
    days = max(1, math.ceil((moment - due) / DAY) - 1)  # a day in which the clock goes back is a long one
    while days_later(due, days) < moment:
        days += 1
    return days


def days_later(moment: datetime, days: int) -> datetime:
    """The same time of day, by the clock on the wall, that many calendar days later."""
    zone: tzinfo | None = moment.tzinfo
    return (moment.replace(tzinfo=None) + days * DAY).replace(tzinfo=zone)


def parse_time(text: str | None) -> datetime | None:
    """An ISO 8601 time or nbgrader's ``2027-01-17 12:00:00 UTC``; None where there is none.

    One at the ends of the calendar is none: it cannot be told in another zone, and nobody hands in then.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    if not MINYEAR < moment.year < MAXYEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _lost(policy: LatePolicy, by: timedelta, started: int) -> Lateness:
    if started > policy.days:
        return Lateness(by, 100.0)
    return Lateness(by, min(100.0, started * policy.percent_per_day))
