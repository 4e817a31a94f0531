"""What one student may still use of the GPUs this week, by ``gpu_hours_per_week``; weeks begin on Monday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ...course import Course
from .book import GpuBook

LEAST_SECONDS = 300.0  # for which a server is started


@dataclass(frozen=True)
class Share:
    """Of one user in one week, in seconds of one GPU."""

    allowed: float
    used: float
    renews: datetime

    @property
    def left(self) -> float:
        """Never negative."""
        return max(0.0, self.allowed - self.used)

    def sentence(self) -> str:
        """What is left, for whoever waits."""
        return f"Your GPU time of this week: {clock(self.left)} of {clock(self.allowed)} hours are left."

    def refusal(self) -> str:
        """Why no server starts that has a GPU; empty where one does."""
        if self.left >= LEAST_SECONDS:
            return ""
        return (
            f"Your GPU time of this week is used up: {clock(self.left)} of {clock(self.allowed)} hours are "
            f"left, and a server needs {clock(LEAST_SECONDS)} at least. It renews on "
            f"{self.renews:%A, %d %B, %H:%M %Z}. A server without a GPU starts at any time."
        )


def share_of(course: Course, hours: float, book: GpuBook, user: str) -> Share:
    """A student's share of this week, where ``hours`` are everybody's."""
    begin, renews = week_of(course, datetime.now(UTC))
    since = begin.timestamp()
    return Share(hours * 3600 + book.extra(user, since), book.seconds(user, since), renews)


def week_of(course: Course, now: datetime) -> tuple[datetime, datetime]:
    """Monday's midnight before and after a moment, in the course's zone or else in UTC."""
    zone: tzinfo = ZoneInfo(course.zone) if course.zone else UTC
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    monday = day - timedelta(days=day.weekday())
    return monday.replace(tzinfo=zone), (monday + timedelta(days=7)).replace(tzinfo=zone)


def clock(seconds: float) -> str:
    """Hours and minutes as people read them.

    >>> clock(5430)
    '1:30'
    """
    minutes = int(seconds // 60)
    return f"{minutes // 60}:{minutes % 60:02}"
