"""What students ask a person to look at again, and what they were answered.

A request is about one check, one task or one written answer of one attempt, and is made once. Points that
an answer brings are points by hand like all others (``by_hand.py``), added in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from .database import one_at_a_time
from .exceptions import Deed
from .tables import REQUESTS


@dataclass(frozen=True)
class LookAgain:
    """One request."""

    attempt: str
    unit: str
    student: str
    name: str  # of the task or the written question
    check: str  # of the task; "" for all of it
    why: str  # the student's reason
    moment: str = ""
    answered: str | None = None  # when; None: it waits
    answered_by: str = ""
    answer: str = ""
    id: int = 0

    @property
    def waits(self) -> bool:
        """Whether nobody has answered."""
        return self.answered is None


def ask(connection: Connection, request: LookAgain, moment: str) -> int | None:
    """Note a request; its id, or None where the same was asked before."""
    one_at_a_time(connection, "requests", request.attempt)
    same = (REQUESTS.c.attempt == request.attempt) & (REQUESTS.c.name == request.name)
    same &= REQUESTS.c.check == request.check
    if connection.execute(select(REQUESTS.c.id).where(same)).first() is not None:
        return None
    asked = ("attempt", "unit", "student", "name", "check", "why")
    values = {name: getattr(request, name) for name in asked}
    made = connection.execute(insert(REQUESTS).values(moment=moment, **values)).inserted_primary_key
    return None if made is None else int(made[0])


def answer(connection: Connection, number: int, text: str, deed: Deed) -> bool:
    """Answer a request that waits; False where there is none, or another person was first."""
    waiting = (REQUESTS.c.id == number) & REQUESTS.c.answered.is_(None)
    said = {"answered": deed.moment, "answered_by": deed.who, "answer": text}
    return connection.execute(update(REQUESTS).where(waiting).values(said)).rowcount == 1


def find(connection: Connection, number: int) -> LookAgain | None:
    """The request with that id."""
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.id == number)).one_or_none()
    return None if row is None else LookAgain(**row._mapping)


def of_attempt(connection: Connection, attempt: str) -> list[LookAgain]:
    """All requests about an attempt, oldest first."""
    query = select(REQUESTS).where(REQUESTS.c.attempt == attempt).order_by(REQUESTS.c.id)
    return [LookAgain(**row._mapping) for row in connection.execute(query)]


def waiting(connection: Connection, unit: str | None = None, student: str | None = None) -> list[LookAgain]:
    """Requests that wait, oldest first: of all, of a unit, of a student."""
    query = select(REQUESTS).where(REQUESTS.c.answered.is_(None))
    if unit is not None:
        query = query.where(REQUESTS.c.unit == unit)
    if student is not None:
        query = query.where(REQUESTS.c.student == student)
    return [LookAgain(**row._mapping) for row in connection.execute(query.order_by(REQUESTS.c.id))]


def how_many_wait(connection: Connection) -> dict[str, int]:
    """The number of requests that wait, by unit."""
    query = select(REQUESTS.c.unit, func.count().label("waiting")).where(REQUESTS.c.answered.is_(None))
    rows = connection.execute(query.group_by(REQUESTS.c.unit))
    return {row.unit: int(row.waiting) for row in rows}
