"""Results that are kept: once a mark was shown, a regrade does not take its points away.

A kept result stands beside the latest one. Of the two, the one that gives the attempt more counts, as a
whole: never the best of each task. Staff can lift it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, select, update

from .attempts import Attempt
from .exceptions import Deed
from .graded import Graded, Tasks
from .standings import touch
from .tables import ATTEMPTS, KEPT


@dataclass(frozen=True)
class KeptResult:
    """The points of an earlier grading of an attempt."""

    id: int
    attempt: str
    score: float
    bonus: float
    tasks: Tasks
    who: str
    moment: str
    why: str
    lifted: str | None = None
    lifted_by: str = ""
    lifted_why: str = ""


def keep(connection: Connection, attempt: Attempt, before: Graded, deed: Deed) -> None:
    """Keep what an attempt had before it was graded anew."""
    if before.score is None:
        return
    connection.execute(
        insert(KEPT).values(
            attempt=attempt.id,
            score=before.score,
            bonus=before.bonus,
            tasks=json.dumps({task: list(points) for task, points in before.tasks.items()}),
            who=deed.who,
            moment=deed.moment,
            why=deed.why,
        )
    )
    touch(connection, attempt.unit, attempt.student)


def lift(connection: Connection, attempt: Attempt, deed: Deed) -> int:
    """Let the latest result of an attempt count whatever was shown; returns how many were lifted."""
    mine = update(KEPT).where(KEPT.c.attempt == attempt.id, KEPT.c.lifted.is_(None))
    lifted = connection.execute(
        mine.values(lifted=deed.moment, lifted_by=deed.who, lifted_why=deed.why)
    ).rowcount
    touch(connection, attempt.unit, attempt.student)
    return lifted


def is_kept(connection: Connection, attempt: Attempt) -> bool:
    """Whether an earlier result of an attempt is kept, and not lifted."""
    mine = exists().where(KEPT.c.attempt == attempt.id, KEPT.c.lifted.is_(None))
    return bool(connection.execute(select(mine)).scalar())


def of_unit(connection: Connection, unit: str, student: str | None = None) -> dict[str, list[KeptResult]]:
    """What is kept and not lifted at a unit, by attempt."""
    query = select(KEPT).join(ATTEMPTS, ATTEMPTS.c.id == KEPT.c.attempt)
    query = query.where(ATTEMPTS.c.unit == unit, KEPT.c.lifted.is_(None))
    return _read(connection, query if student is None else query.where(ATTEMPTS.c.student == student))


def of_students(connection: Connection, unit: str, students: Collection[str]) -> dict[str, list[KeptResult]]:
    """The same of some students."""
    query = select(KEPT).join(ATTEMPTS, ATTEMPTS.c.id == KEPT.c.attempt)
    query = query.where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student.in_(students))
    return _read(connection, query.where(KEPT.c.lifted.is_(None)))


def of_student(connection: Connection, student: str) -> dict[str, list[KeptResult]]:
    """The same of a student at all units."""
    query = select(KEPT).join(ATTEMPTS, ATTEMPTS.c.id == KEPT.c.attempt)
    return _read(connection, query.where(ATTEMPTS.c.student == student, KEPT.c.lifted.is_(None)))


def _read(connection: Connection, query: Select[Any]) -> dict[str, list[KeptResult]]:
    found: dict[str, list[KeptResult]] = {}
    for row in connection.execute(query.order_by(KEPT.c.id)):
        found.setdefault(row.attempt, []).append(_of(row))
    return found


def _of(row: Any) -> KeptResult:
    tasks = {task: (core, bonus) for task, (core, bonus) in json.loads(row.tasks).items()}
    return KeptResult(**{**row._mapping, "tasks": tasks})
