"""What one student, or all of them, have at a unit: attempts, their state, which counts, what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from ...base.text import plain
from ...course import Unit
from ...marks import AttemptMark, Mark, UnitFacts, by_hand, exceptions, handed_out, read_facts, read_facts_of
from ...marks.attempts import Attempt
from ...marks.graded import Graded
from ...notebook import Question, read_questions
from ...results.late import Lateness
from ..store import graded, hints, queue, turns
from ..store.desk import Desk
from ..store.late_days import LateDays, late_days, spent_by, spent_by_all
from ..store.tables import FEEDBACK, QUEUE


@dataclass(frozen=True)
class Line:
    """One attempt as a list shows it."""

    worth: AttemptMark
    state: str  # "waiting", "grading", "graded", "broken" or "troubled"
    counts: bool
    place: int | None = None  # in line, from 1; only where it was asked for
    after_own: bool = False  # it waits because another attempt of its student is being graded
    trouble: str = ""  # for staff

    @property
    def attempt(self) -> Attempt:
        """What was handed in."""
        return self.worth.attempt

    @property
    def graded(self) -> Graded | None:
        """What the checks said."""
        return self.worth.graded

    @property
    def late(self) -> Lateness:
        """By the student's own date."""
        return self.worth.late

    @property
    def mark(self) -> float | None:
        """What it would give: with points by hand, bonus and late policy."""
        return self.worth.final


@dataclass(frozen=True)
class Overview:
    """All attempts of one student at one unit, oldest first."""

    unit: Unit
    student: str
    lines: tuple[Line, ...]
    purse: hints.Purse | None  # None where explanations cost nothing
    mark: Mark
    opens: datetime  # when all is shown that the course ever shows
    late_days: LateDays | None  # None where the course has none
    moved: str = (
        ""  # when somebody else last gave the student another date; only where one student is asked for
    )

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
    facts = read_facts(connection, desk.course, unit, student)
    spent = hints.spent(connection, unit.name, student)
    return _overview(desk, connection, facts, student, spent, spent_by(connection, student))


def overviews(
    desk: Desk, connection: Connection, student: str, known: Mapping[str, UnitFacts] | None = None
) -> list[Overview]:
    """The same at every unit of the course, in its order, in about as many queries as for one unit.

    Args:
        desk: the exchange.
        connection: to its database.
        student: whose.
        known: the student's facts (``read_facts_of``), where they were read already.
    """
    known = read_facts_of(connection, desk.course, student) if known is None else known
    own = [attempt for facts in known.values() for attempt in facts.attempts.get(student, ())]
    entries = _entries(connection, own)
    paid, spent = hints.spent_at(connection, known, student), spent_by(connection, student)
    return [
        _overview(desk, connection, facts, student, paid.get(name, {}), spent, entries)
        for name, facts in known.items()
    ]


def _overview(
    desk: Desk,
    connection: Connection,
    facts: UnitFacts,
    student: str,
    paid: Mapping[str, float],
    spent: int,
    entries: Mapping[str, queue.QueueEntry] | None = None,
) -> Overview:
    """One student at one unit; ``paid`` are openings of explanations, ``spent`` late days over all units."""
    mark = facts.mark(student)
    lines = _lines(desk, connection, mark, entries)
    return Overview(
        facts.unit,
        student,
        tuple(_placed(connection, line, desk.seconds()) for line in lines),
        _purse(desk, paid),
        mark,
        facts.opens(student),
        late_days(facts, student, spent, desk.now()),
        _moved(facts, student),
    )


def _moved(facts: UnitFacts, student: str) -> str:
    given = exceptions.of(facts.exemptions, facts.unit.name, student)
    return max((each.moment for each in given if each.who != student), default="")


def everyone(
    desk: Desk, connection: Connection, facts: UnitFacts, enrolled: Iterable[str] = ()
) -> list[Overview]:
    """All students with an attempt at a unit, and those who are enrolled, by name."""
    marks = [facts.mark(student) for student in sorted({*facts.students, *enrolled})]
    entries = _entries(connection, [each.attempt for mark in marks for each in mark.attempts])
    spent, now = spent_by_all(connection) if facts.course.late_days else Counter(), desk.now()
    return [
        Overview(
            facts.unit,
            mark.student,
            tuple(_lines(desk, connection, mark, entries)),
            None,
            mark,
            facts.opens(mark.student),
            late_days(facts, mark.student, spent[mark.student], now),
        )
        for mark in marks
    ]


def purse(desk: Desk, connection: Connection, unit: Unit, student: str) -> hints.Purse | None:
    """A student's tokens, or None where explanations cost nothing."""
    return _purse(desk, hints.spent(connection, unit.name, student))


def _purse(desk: Desk, paid: Mapping[str, float]) -> hints.Purse | None:
    tokens = desk.course.hint_tokens
    return None if tokens is None else hints.level(tokens, paid.values(), desk.seconds())


def _lines(
    desk: Desk, connection: Connection, mark: Mark, entries: Mapping[str, queue.QueueEntry] | None = None
) -> list[Line]:
    if entries is None:
        entries = _entries(connection, [each.attempt for each in mark.attempts])
    now = desk.seconds()
    return [
        Line(
            each,
            _state(entries.get(each.attempt.id), each.graded, now),
            each is mark.counting,
            trouble=entries[each.attempt.id].trouble if each.attempt.id in entries else "",
        )
        for each in mark.attempts
    ]


def _entries(connection: Connection, own: Sequence[Attempt]) -> dict[str, queue.QueueEntry]:
    rows = connection.execute(select(QUEUE).where(graded.chosen(QUEUE.c.attempt, own)))
    return {row.attempt: queue.QueueEntry(**row._mapping) for row in rows}


def _state(entry: queue.QueueEntry | None, result: Graded | None, now: float) -> str:
    if entry is not None:
        return "troubled" if entry.trouble else "grading" if entry.lease >= now else "waiting"
    return "graded" if result is not None and result.score is not None else "broken"


def _placed(connection: Connection, line: Line, now: float) -> Line:
    if line.state not in ("waiting", "grading"):
        return line
    entry = queue.find(connection, line.attempt.id)
    if entry is None:
        return line
    after_own = line.state == "waiting" and turns.waits_for_own(connection, entry.attempt, now)
    return replace(line, place=queue.ahead(connection, entry, now) + 1, after_own=after_own)


def feedback_files(connection: Connection, attempt: str) -> dict[str, str]:
    """nbgrader's feedback that staff released for an attempt: name of the notebook -> SHA-256."""
    query = select(FEEDBACK.c.name, FEEDBACK.c.sha256).where(FEEDBACK.c.attempt == attempt)
    return {row.name: row.sha256 for row in connection.execute(query)}


def answers(unit: Unit, line: Line) -> tuple[WrittenAnswer, ...]:
    """What a graded attempt has at the unit's written questions, in the notebook's order.

    Grading has noted it: nobody who looks at an attempt makes us read its notebook again. A question of
    which nothing was noted waits for a person, as in the mark.
    """
    if line.graded is None or line.attempt.notebook is None:
        return ()
    noted = line.graded.answers
    asked = read_questions(unit.released_notebook)
    return tuple(WrittenAnswer(question, noted.get(question.name) != "") for question in asked)


def comments_for(connection: Connection, line: Line) -> dict[str, str]:
    """What a person said at an attempt, by task and written question, as far as it was handed out."""
    attempt = line.attempt
    entries = by_hand.of_unit(connection, attempt.unit, attempt.student)
    found = handed_out.comments(entries, line.worth, handed_out.last_of(connection, attempt.unit))
    return {name: plain(text) for name, text in found.items()}
