"""What one student, or all of them, have at a unit: attempts, their state, which counts, what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, select

from ...base.errors import Unreadable
from ...course import Unit
from ...notebook import Question, is_answered, read_questions, read_release, read_submission
from ...results.late import Lateness
from ..store import attempts, graded, hints, queue
from ..store.attempts import Attempt
from ..store.desk import Desk
from ..store.graded import Graded
from ..store.tables import FEEDBACK, QUEUE
from .counting import counting, late, mark


@dataclass(frozen=True)
class Line:
    """One attempt as a list shows it."""

    attempt: Attempt
    state: str  # "waiting", "grading", "graded", "broken" or "troubled"
    graded: Graded | None
    late: Lateness
    mark: float | None  # with bonus and late policy
    counts: bool
    place: int | None = None  # in line, from 1; only where it was asked for
    trouble: str = ""  # for staff


@dataclass(frozen=True)
class Overview:
    """All attempts of one student at one unit, oldest first."""

    unit: Unit
    student: str
    lines: tuple[Line, ...]
    purse: hints.Purse | None  # None where explanations cost nothing

    @property
    def counting(self) -> Line | None:
        """The line that counts."""
        return next((line for line in self.lines if line.counts), None)

    @property
    def settled(self) -> bool:
        """True where nothing waits."""
        return all(line.state not in ("waiting", "grading") for line in self.lines)


@dataclass(frozen=True)
class WrittenAnswer:
    """One written question, and whether this attempt says something to it."""

    question: Question
    given: bool


def overview(desk: Desk, connection: Connection, unit: Unit, student: str) -> Overview:
    """One student's attempts, with their places in line."""
    own = attempts.of_student(connection, unit.name, student)
    lines = _lines(desk, connection, unit, own, graded.of_attempts(connection, own))
    return Overview(
        unit,
        student,
        tuple(_placed(connection, line) for line in lines),
        purse(desk, connection, unit, student),
    )


def everyone(desk: Desk, connection: Connection, unit: Unit) -> list[Overview]:
    """All students with an attempt at a unit, by name."""
    own = attempts.of_unit(connection, unit.name)
    done = graded.of_attempts(connection, own)
    return [
        Overview(unit, student, tuple(_lines(desk, connection, unit, list(group), done)), None)
        for student, group in groupby(own, key=lambda attempt: attempt.student)
    ]


def purse(desk: Desk, connection: Connection, unit: Unit, student: str) -> hints.Purse | None:
    """A student's tokens, or None where explanations cost nothing."""
    if desk.course.hint_tokens is None:
        return None
    spent = hints.opened(connection, unit.name, student).values()
    return hints.level(desk.course.hint_tokens, spent, desk.seconds())


def _lines(
    desk: Desk, connection: Connection, unit: Unit, own: list[Attempt], done: dict[str, Graded]
) -> list[Line]:
    chosen = counting(desk.course, unit, own, done)
    entries = _entries(connection, own)
    now = desk.seconds()
    return [
        Line(
            attempt,
            _state(entries.get(attempt.id), done.get(attempt.id), now),
            done.get(attempt.id),
            late(desk.course, unit, attempt),
            _mark(desk, unit, attempt, done.get(attempt.id)),
            chosen is not None and chosen.id == attempt.id,
            trouble=entries[attempt.id].trouble if attempt.id in entries else "",
        )
        for attempt in own
    ]


def _mark(desk: Desk, unit: Unit, attempt: Attempt, result: Graded | None) -> float | None:
    if result is None or result.score is None:
        return None
    return mark(desk.course, unit, attempt, result)


def _entries(connection: Connection, own: Sequence[Attempt]) -> dict[str, queue.QueueEntry]:
    rows = connection.execute(select(QUEUE).where(graded.chosen(QUEUE.c.attempt, own)))
    return {row.attempt: queue.QueueEntry(**row._mapping) for row in rows}


def _state(entry: queue.QueueEntry | None, result: Graded | None, now: float) -> str:
    if entry is not None:
        return "troubled" if entry.trouble else "grading" if entry.lease >= now else "waiting"
    return "graded" if result is not None and result.score is not None else "broken"


def _placed(connection: Connection, line: Line) -> Line:
    if line.state not in ("waiting", "grading"):
        return line
    entry = queue.find(connection, line.attempt.id)
    place = None if entry is None else queue.ahead(connection, entry) + 1
    return Line(**{**vars(line), "place": place})


def feedback_files(connection: Connection, attempt: str) -> dict[str, str]:
    """nbgrader's feedback that staff released for an attempt: name of the notebook -> SHA-256."""
    query = select(FEEDBACK.c.name, FEEDBACK.c.sha256).where(FEEDBACK.c.attempt == attempt)
    return {row.name: row.sha256 for row in connection.execute(query)}


def answers(desk: Desk, unit: Unit, attempt: Attempt) -> tuple[WrittenAnswer, ...]:
    """What an attempt has at the unit's written questions, in the notebook's order."""
    asked = read_questions(unit.released_notebook)
    if not asked:
        return ()
    release = read_release(unit.released_notebook)
    path = desk.blobs.path(attempt.notebook.sha256)
    try:
        submission = read_submission(path, release, desk.course.limits_of(unit).notebook_mib)
    except Unreadable:
        return tuple(WrittenAnswer(question, False) for question in asked)
    return tuple(WrittenAnswer(question, is_answered(question, submission, release)) for question in asked)
