"""What a person saves in formgrader becomes a fact, and is projected at once.

Formgrader sends the points and the extra credit of a cell together, whichever of them was typed, and an
empty field for "nothing by hand". So only what differs from what stood there becomes a fact; to save points
once more says that they hold for the attempt as it is now.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..base.errors import UsageError
from ..course import Course
from ..marks import AttemptMark, by_hand, read_facts
from ..marks.by_hand import COMMENT, EXTRA, POINTS, Entry
from ..marks.database import Database
from ..marks.exceptions import Deed
from .catching_up import write_results
from .cells import fact_name
from .counted import student_of
from .database import one_writer, open_tables
from .foreign import standing, take_in
from .held import read_rows, read_template
from .projection import project

WHY = "saved in formgrader"


@dataclass(frozen=True)
class CellOf:
    """A cell of a student, by the names that nbgrader knows."""

    unit: str
    student: str
    cell: str


def save_points(course: Course, database: Database, at: CellOf, points: Any, extra: Any, who: str) -> None:
    """Note points and extra credit of a graded cell, and project the student's mark.

    Args:
        course: the course.
        database: its facts.
        at: whose cell it is.
        points: in place of the automatic score; None, or "", leaves that one.
        extra: in place of the bonus, likewise.
        who: gives them.

    Raises:
        UsageError: there is no attempt that they could belong to, or they are no points.
        ConfigError: a database cannot be reached; what was noted is projected later.
    """
    given = {POINTS: _number(points), EXTRA: _number(extra)}
    shown = _shown(course, database, at)
    name = fact_name(at.cell)
    entries = [
        Entry(
            **vars(_entry(course, at, shown, name, kind))
            | {"points": number, **_automatic(shown, name, kind)}
        )
        for kind, number in given.items()
        if _says_more(shown, name, kind, number)
    ]
    _note(course, database, at, shown, entries, who)


def save_comment(course: Course, database: Database, at: CellOf, comment: str | None, who: str) -> None:
    """Note a comment at an answer cell, and project it; None, or "", takes back what was said.

    Raises:
        UsageError: there is no attempt that it could belong to.
        ConfigError: a database cannot be reached; what was noted is projected later.
    """
    shown = _shown(course, database, at)
    before = shown.entries.get((at.cell, COMMENT))
    said = comment or ""
    entry = Entry(**vars(_entry(course, at, shown, at.cell, COMMENT)) | {"comment": said})
    _note(course, database, at, shown, [entry] if said != (before.comment if before else "") else [], who)


def _number(value: Any) -> float | None:
    """What formgrader sends: a number, its text, an empty text, or nothing.

    Raises:
        UsageError: it is no finite number.
    """
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not abs(number) < 1e6:
        raise UsageError(f"points have to be a number, and {value!r} is none; nothing was saved")
    return number


def _shown(course: Course, database: Database, at: CellOf) -> AttemptMark:
    """The attempt that formgrader shows, after what others wrote into its rows was taken in."""
    unit = course.unit(at.unit)
    with database.read() as connection:
        student = student_of(connection, unit.name, at.student)
    if student is None:
        raise UsageError(
            f"{at.student} has no graded attempt at {at.unit}, so that nothing can be saved here. "
            f"Grade one first: 'course grade {at.unit} ...', or the exchange."
        )
    with one_writer(course), open_tables(course) as db:
        rows = read_rows(db, read_template(db, unit.name), [student])
        records = take_in(course, database, unit, rows)
    projected = standing(rows[student], records.get(student))
    with database.read() as connection:
        mark = read_facts(connection, course, unit, student).mark(student)
    named = [each for each in mark.attempts if projected and each.attempt.id == projected.attempt]
    shown = next(iter(named), mark.counting)
    if shown is None:
        raise UsageError(
            f"{at.student} has no attempt at {at.unit} with a score; see 'course report {at.unit}'."
        )
    return shown


def _says_more(shown: AttemptMark, name: str, kind: str, number: float | None) -> bool:
    """Whether it differs from what holds; points that wait for another look are said anew."""
    before = shown.entries.get((name, kind))
    if number is None:
        return before is not None
    if kind == EXTRA and before is None:
        cell = shown.cells.get(name)
        return number != (cell.extra if cell else 0.0)
    return before is None or before.points != number or (kind == POINTS and name in shown.needs_person)


def _automatic(shown: AttemptMark, name: str, kind: str) -> dict[str, Any]:
    cell = shown.cells.get(name)
    return {"automatic": cell.automatic} if kind == POINTS and cell is not None else {}


def _entry(course: Course, at: CellOf, shown: AttemptMark, name: str, kind: str) -> Entry:
    attempt, answers = shown.attempt, shown.graded.answers if shown.graded else {}
    return Entry(at.unit, attempt.student, attempt.id, name, kind, answer=answers.get(name, ""))


def _note(
    course: Course, database: Database, at: CellOf, shown: AttemptMark, entries: Iterable[Entry], who: str
) -> None:
    deed = Deed.now(who, WHY)
    with database.write() as connection:
        for entry in entries:
            by_hand.add(connection, entry, deed)
    unit = course.unit(at.unit)
    refused = project(course, database, unit, [shown.attempt.student], who).refused
    write_results(course, database, [unit])
    if refused:
        raise UsageError(refused[0])
