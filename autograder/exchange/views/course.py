"""The page of the course: one row per unit, released or not, with what is new in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ...marks.dates import zone_of
from ...results.late import parse_time
from ..store import releases
from ..store.desk import Desk
from ..store.releases import Offered
from .news import News, Seen, news, read_seen
from .overview import Overview, overviews


@dataclass(frozen=True)
class CourseRow:
    """One unit of a student."""

    released: Offered | None
    view: Overview
    news: tuple[News, ...]
    opens: datetime | None  # of one that is not released, where the course says so and it is to come

    @property
    def shown(self) -> bool:
        """Whether there is more to say than when it opens."""
        return self.released is not None or bool(self.view.lines)


def course_rows(desk: Desk, connection: Connection, student: str) -> list[CourseRow]:
    """All units as their student may see them now."""
    seen, made = read_seen(connection, student), releases.every(connection)
    return [_row(desk, view, made.get(view.unit.name), seen) for view in overviews(desk, connection, student)]


def _row(desk: Desk, view: Overview, made: Offered | None, seen: Seen) -> CourseRow:
    unit = view.unit
    opens = parse_time(unit.opens)
    if opens is not None:
        opens = opens.astimezone(zone_of(desk.course, unit)) if opens > desk.now() else None
    return CourseRow(made, view, news(view, made, seen), opens)
