"""Whose turn it is: the queue is served in rounds, and nobody has two turns in one.

An entry gets its round when it is queued: the one that is served now, or, where its student has others in
the queue, the one after the last of these. In a round come first attempts at a unit, then all others; a
round is two numbers, ``2 * round`` and ``2 * round + 1``. However many attempts one student hands in, and
however slow they are, everybody else's next one comes before the second of them. Rounds mean nothing once
the queue is empty, so that nothing about them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Integer, delete, func, insert, or_, select

from ...base.batched import batched
from ...marks.tables import ATTEMPTS
from .tables import QUEUE, TURNS

FEW = 100  # names in one query
IN_TURNS: FromClause = QUEUE.outerjoin(TURNS, TURNS.c.attempt == QUEUE.c.attempt)
ROUND: ColumnElement[int] = func.coalesce(TURNS.c.turn, 0, type_=Integer)  # 0: of an older release
LINE: tuple[ColumnElement[Any], ...] = (QUEUE.c.tries > 1, ROUND, QUEUE.c.place)  # who is first


def give_turns(connection: Connection, attempts: Sequence[str]) -> None:
    """Give attempts that are being queued their rounds, in this order."""
    query = select(func.min(ROUND)).select_from(IN_TURNS).where(QUEUE.c.trouble == "")
    served = (connection.execute(query).scalar() or 0) // 2
    whose = _whose(connection, attempts)
    latest = _latest(connection, {student for student, _ in whose.values()})
    rows = []
    for attempt in attempts:
        student, first = whose.get(attempt, (attempt, True))
        latest[student] = max(served, latest.get(student, -1) + 1)
        rows.append({"attempt": attempt, "student": student, "turn": 2 * latest[student] + (not first)})
    connection.execute(insert(TURNS), rows)


def _whose(connection: Connection, attempts: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """The student of each attempt, and whether it is the first at its unit."""
    found: dict[str, tuple[str, bool]] = {}
    for few in batched(attempts, FEW):
        query = select(ATTEMPTS.c.id, ATTEMPTS.c.student, ATTEMPTS.c.number).where(ATTEMPTS.c.id.in_(few))
        found |= {row.id: (row.student, row.number == 1) for row in connection.execute(query)}
    return found


def _latest(connection: Connection, students: Iterable[str]) -> dict[str, int]:
    """The last round of each student who has something in the queue."""
    found: dict[str, int] = {}
    for few in batched(sorted(students), FEW):
        query = select(TURNS.c.student, func.max(TURNS.c.turn).label("turn")).group_by(TURNS.c.student)
        rows = connection.execute(query.where(TURNS.c.student.in_(few)))
        found |= {row.student: row.turn // 2 for row in rows}
    return found


def forget_turns(connection: Connection, attempts: Sequence[str]) -> None:
    """Forget the rounds of attempts that leave the queue."""
    for few in batched(attempts, FEW):
        connection.execute(delete(TURNS).where(TURNS.c.attempt.in_(few)))


def nothing_in_hand(now: float) -> ColumnElement[bool]:
    """Whether of the student of an entry no other attempt is being graded: one of each at a time."""
    students = select(TURNS.c.student).join(QUEUE, QUEUE.c.attempt == TURNS.c.attempt)
    busy = students.where(QUEUE.c.lease >= now).correlate(None)
    return or_(TURNS.c.student.is_(None), TURNS.c.student.not_in(busy))


def waits_for_own(connection: Connection, attempt: str, now: float) -> bool:
    """Whether an attempt waits because another one of its student is being graded."""
    mine = select(nothing_in_hand(now)).select_from(IN_TURNS).where(QUEUE.c.attempt == attempt)
    return connection.execute(mine).scalar() in (False, 0)
