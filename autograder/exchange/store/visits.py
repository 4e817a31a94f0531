"""When a student last saw a unit's page or an attempt's, so that the first page can say what is new since.

There is at most one row per unit and per attempt of a student, and one is written only where something new
was seen, so that a page that looks again by itself writes nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from .database import one_at_a_time
from .tables import VISITS


def visits(connection: Connection, student: str) -> dict[str, str]:
    """All places that a student has seen, and when last (ISO 8601, UTC)."""
    query = select(VISITS.c.place, VISITS.c.moment).where(VISITS.c.student == student)
    return {row.place: row.moment for row in connection.execute(query)}


def note_visit(connection: Connection, student: str, place: str, moment: str) -> None:
    """Note that a student sees a place now.

    Args:
        connection: a transaction that may write.
        student: who looks.
        place: name of the unit, or id of the attempt.
        moment: ISO 8601, UTC.
    """
    one_at_a_time(connection, "visits", student)
    mine = (VISITS.c.student == student) & (VISITS.c.place == place)
    if not connection.execute(update(VISITS).where(mine).values(moment=moment)).rowcount:
        connection.execute(insert(VISITS).values(student=student, place=place, moment=moment))
