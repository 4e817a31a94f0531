"""Results of attempts, and which students' standing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, select, update

from ...results.result import Result
from . import queue
from .attempts import Attempt
from .database import one_at_a_time
from .tables import ATTEMPTS, RESULTS, STANDINGS

FEW = 100  # names in one query


@dataclass(frozen=True)
class Graded:
    """One attempt with what grading said; ``score`` is None where a fault of ours left none."""

    attempt: str
    graded: str
    score: float | None
    max_score: float
    bonus: float


def finish(
    connection: Connection, entry: queue.QueueEntry, attempt: Attempt, result: Result, moment: str
) -> bool:
    """Store a result and end its entry; False where another worker was first, and nothing changes."""
    if not queue.end(connection, entry):
        return False
    connection.execute(delete(RESULTS).where(RESULTS.c.attempt == attempt.id))
    connection.execute(
        insert(RESULTS).values(
            attempt=attempt.id,
            graded=moment,
            digest=result.digest,
            explained=result.explained,
            score=result.score,
            max_score=result.max_score,
            bonus=result.bonus,
            content=storable(result),
        )
    )
    _touch(connection, attempt.unit, attempt.student)
    return True


def storable(result: Result) -> str:
    """The result as JSON that every database can hold: half characters are escaped."""
    return result.to_json().encode("utf-8", "backslashreplace").decode()


def _touch(connection: Connection, unit: str, student: str) -> None:
    one_at_a_time(connection, "standings", unit, student)
    mine = (STANDINGS.c.unit == unit) & (STANDINGS.c.student == student)
    changed = connection.execute(
        update(STANDINGS).where(mine).values(changes=STANDINGS.c.changes + 1)
    ).rowcount
    if not changed:
        connection.execute(
            insert(STANDINGS).values(unit=unit, student=student, changes=1, written=0, projected=0)
        )


def result_of(connection: Connection, attempt: str) -> Result | None:
    """The stored result of an attempt, or None."""
    text = connection.execute(select(RESULTS.c.content).where(RESULTS.c.attempt == attempt)).scalar()
    return None if text is None else Result.from_json(text)


def same_digest(connection: Connection, attempt: Attempt, digest: str) -> Result | None:
    """The last result of the same student for the very same cells, checks and settings."""
    query = (
        select(RESULTS.c.content)
        .join(ATTEMPTS, ATTEMPTS.c.id == RESULTS.c.attempt)
        .where(
            ATTEMPTS.c.unit == attempt.unit,
            ATTEMPTS.c.student == attempt.student,
            RESULTS.c.digest == digest,
            RESULTS.c.score.is_not(None),
        )
        .order_by(RESULTS.c.graded.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar()
    return None if text is None else Result.from_json(text)


def of_attempts(connection: Connection, attempts: Sequence[Attempt]) -> dict[str, Graded]:
    """What is graded of these attempts, without the details."""
    columns = [RESULTS.c[name] for name in ("attempt", "graded", "score", "max_score", "bonus")]
    found = connection.execute(select(*columns).where(chosen(RESULTS.c.attempt, attempts)))
    return {row.attempt: Graded(**row._mapping) for row in found}


def chosen(column: Column[str], attempts: Sequence[Attempt]) -> ColumnElement[bool]:
    """Rows of these attempts: by name where they are few, as a student's are who looks every second."""
    if len(attempts) <= FEW:
        return column.in_([attempt.id for attempt in attempts])
    units = {attempt.unit for attempt in attempts}
    return column.in_(select(ATTEMPTS.c.id).where(ATTEMPTS.c.unit.in_(units)))
