"""What a late submission loses. It is taken from the mark in the gradebook, never from ``score``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..course import LatePolicy

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lateness:
    """How late a submission is and what that costs."""

    by: timedelta = timedelta()  # after the due date, extension included; zero within the grace period
    percent: float = 0.0  # of the mark

    def penalty(self, mark: float) -> float:
        """The points that ``mark`` loses; never more than the mark, never negative."""
        return round(max(mark, 0.0) * self.percent / 100, 6)


def lateness(
    policy: LatePolicy, due: str, submitted: str | None, extension: timedelta | None = None
) -> Lateness:
    """Judge the time of a submission; without a known time nothing is lost.

    Each started day costs ``percent_per_day``; after ``days`` days the mark is lost.
    A time without a zone is taken as UTC, as nbgrader does.

    >>> lateness(LatePolicy(10.0, 5), "2027-01-17T12:00+00:00", "2027-01-18T13:00+00:00").percent
    20.0
    """
    moment = parse_time(submitted)
    if moment is None:
        return Lateness()
    by = moment - datetime.fromisoformat(due) - (extension or timedelta())
    if by <= timedelta(minutes=policy.grace_minutes):
        return Lateness()
    started = math.ceil(by / DAY)
    if started > policy.days:
        return Lateness(by, 100.0)
    return Lateness(by, min(100.0, started * policy.percent_per_day))


def parse_time(text: str | None) -> datetime | None:
    """An ISO 8601 time or nbgrader's ``2027-01-17 12:00:00 UTC``; None where there is none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
