"""What the latest grading of an attempt said."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from ..results.result import Result
from .attempts import Attempt
from .standings import touch
from .summary import summary_of
from .tables import ATTEMPTS, RESULTS

Tasks = Mapping[str, tuple[float, float]]  # core points and bonus points by task
Contents = dict[str, dict[str, str]]  # results as JSON, by student and digest


@dataclass(frozen=True)
class Graded:
    """One attempt with what grading said; ``score`` is None where a fault of ours left none."""

    attempt: str
    graded: str
    score: float | None
    max_score: float
    bonus: float
    digest: str = ""
    tasks: Tasks = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)  # digests by question; "": left as it came
    explained: str = ""  # by which words

    @property
    def sound(self) -> bool:
        """False where a fault of ours left no score."""
        return self.score is not None


def store(connection: Connection, attempt: Attempt, result: Result, moment: str) -> None:
    """Let this be the result of an attempt, and note that its student's mark may have changed."""
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
            summary=json.dumps(summary_of(result)),
        )
    )
    touch(connection, attempt.unit, attempt.student)


def storable(result: Result) -> str:
    """The result as JSON that every database can hold: half characters are escaped."""
    return result.to_json().encode("utf-8", "backslashreplace").decode()


def find(connection: Connection, attempt: str) -> Graded | None:
    """What the latest grading of an attempt said, or None."""
    row = connection.execute(_columns().where(RESULTS.c.attempt == attempt)).one_or_none()
    return None if row is None else _graded(row)


def content_of(connection: Connection, attempt: str) -> str | None:
    """The stored result of an attempt as it is stored, or None."""
    return connection.execute(select(RESULTS.c.content).where(RESULTS.c.attempt == attempt)).scalar()


def result_of(connection: Connection, attempt: str) -> Result | None:
    """The stored result of an attempt, or None."""
    text = content_of(connection, attempt)
    return None if text is None else Result.from_json(text)


def same_digest(connection: Connection, unit: str, student: str, digest: str) -> Result | None:
    """The last result of a student for the very same cells, checks and settings."""
    query = (
        select(RESULTS.c.content)
        .join(ATTEMPTS, ATTEMPTS.c.id == RESULTS.c.attempt)
        .where(
            ATTEMPTS.c.unit == unit,
            ATTEMPTS.c.student == student,
            RESULTS.c.digest == digest,
            RESULTS.c.score.is_not(None),
        )
        .order_by(RESULTS.c.graded.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar()
    return None if text is None else Result.from_json(text)


def of_student(connection: Connection, unit: str, student: str) -> dict[str, Graded]:
    """What is graded of a student's attempts at a unit, by attempt."""
    query = _joined().where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student)
    return {row.attempt: _graded(row) for row in connection.execute(query)}


def of_student_at(connection: Connection, units: Sequence[str], student: str) -> dict[str, Graded]:
    """The same at these units."""
    query = _joined().where(ATTEMPTS.c.unit.in_(units), ATTEMPTS.c.student == student)
    return {row.attempt: _graded(row) for row in connection.execute(query)}


def of_unit(connection: Connection, unit: str) -> dict[str, Graded]:
    """The same for all attempts at a unit."""
    return {row.attempt: _graded(row) for row in connection.execute(_joined().where(ATTEMPTS.c.unit == unit))}


def of_students(connection: Connection, unit: str, students: Collection[str]) -> dict[str, Graded]:
    """The same for those of some students."""
    query = _joined().where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student.in_(students))
    return {row.attempt: _graded(row) for row in connection.execute(query)}


def marked_students(connection: Connection, unit: str) -> set[str]:
    """Students of whom some attempt at a unit has a score."""
    query = select(ATTEMPTS.c.student).join(RESULTS, RESULTS.c.attempt == ATTEMPTS.c.id)
    return set(
        connection.execute(query.where(ATTEMPTS.c.unit == unit, RESULTS.c.score.is_not(None))).scalars()
    )


def results_of(connection: Connection, attempts: Iterable[str]) -> dict[str, Result]:
    """Whole results by attempt, for few attempts at a time."""
    names = list(attempts)
    found: dict[str, Result] = {}
    for start in range(0, len(names), 200):
        query = select(RESULTS.c.attempt, RESULTS.c.content).where(
            RESULTS.c.attempt.in_(names[start : start + 200])
        )
        found |= {row.attempt: Result.from_json(row.content) for row in connection.execute(query)}
    return found


def sound_contents(connection: Connection, unit: str, students: Collection[str]) -> Contents:
    """Whole results with a score, as they are stored: by student and digest; for few students at a time."""
    query = (
        select(ATTEMPTS.c.student, RESULTS.c.digest, RESULTS.c.content)
        .join(ATTEMPTS, ATTEMPTS.c.id == RESULTS.c.attempt)
        .where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student.in_(students), RESULTS.c.score.is_not(None))
    )
    found: Contents = {}
    for row in connection.execute(query.order_by(RESULTS.c.graded)):
        found.setdefault(row.student, {})[row.digest] = row.content
    return found


def _columns() -> Select[Any]:
    names = ("attempt", "graded", "score", "max_score", "bonus", "digest", "summary", "explained")
    return select(*(RESULTS.c[name] for name in names))


def _joined() -> Select[Any]:
    return _columns().join(ATTEMPTS, ATTEMPTS.c.id == RESULTS.c.attempt)


def _graded(row: Any) -> Graded:
    summary = json.loads(row.summary) if row.summary else {"tasks": {}, "answers": {}}
    return Graded(
        row.attempt,
        row.graded,
        row.score,
        row.max_score,
        row.bonus,
        row.digest,
        {task: (core, bonus) for task, (core, bonus) in summary["tasks"].items()},
        summary["answers"],
        row.explained,
    )
