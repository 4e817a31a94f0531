"""nbgrader's rows for many results, written in one transaction.

nbgrader's own calls take 17 ms per student, since each opens and commits. Here the
rows of a few hundred students are read in five queries, compared with what they should
be, and what is new or differs is sent in one statement for each table. A submission needs
a ``SubmittedNotebook`` and *all* its ``Grade`` and ``Comment`` rows, or formgrader fails on it.

What a person wrote is never touched: ``manual_score``, ``manual_comment``, and an
``extra_credit`` that is not the bonus which we wrote last. Where an automatic score changes under a
manual one, the row is marked for another look. Only columns that differ are sent, so that what a
person writes meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, func, inspect, select

from ..base.errors import ConfigError
from ..course import Course, Unit
from ..results.audit import Change
from ..results.late import lateness, parse_time
from ..results.result import Check, Result
from ..results.store import safe_name
from . import cells
from .tables import (
    ASSIGNMENT,
    CELL,
    COMMENT,
    GRADE,
    GRADE_CELL,
    NOTEBOOK,
    STUDENT,
    SUBMISSION,
    SUBMITTED_NOTEBOOK,
    TABLES,
    TASK_CELL,
    new_id,
)
from .written import bonus_of

CHUNK = 300  # students per round of queries; databases bound the length of a list


@dataclass(frozen=True)
class BookedEntry:
    """What is to be written for one submission."""

    result: Result
    scores: Mapping[str, float]  # automatic ones by graded cell
    checks: Mapping[str, Sequence[Check]]  # by task, as far as the course ever shows them to students
    written: Mapping[str, bool]  # written answer -> True where it was left as it came
    answers: Mapping[str, str]  # digests of the written answers
    changed: frozenset[str]  # of these, which differ from the last graded submission
    last_bonus: Mapping[str, float]  # extra credit by graded cell, as we wrote it the last time


@dataclass(frozen=True)
class Template:
    """The assignment as the gradebook knows it."""

    assignment: str  # the assignment's key
    notebook: str  # its notebook's key
    graded: Mapping[str, str]  # keys of graded cells and task cells by name
    answers: Mapping[str, str]  # keys of answer cells and task cells by name
    worth: Mapping[str, float]  # points of each graded cell


def read_template(db: Connection, unit: str) -> Template:
    """The unit's cells.

    Raises:
        ConfigError: the assignment is not in the gradebook.
    """
    keys = (
        select(ASSIGNMENT.c.id, NOTEBOOK.c.id)
        .join_from(ASSIGNMENT, NOTEBOOK, NOTEBOOK.c.assignment_id == ASSIGNMENT.c.id)
        .where(ASSIGNMENT.c.name == unit, NOTEBOOK.c.name == unit)
    )
    found = db.execute(keys).first() if inspect(db).has_table(ASSIGNMENT.name) else None
    if found is None:
        raise ConfigError(f"the gradebook has no assignment {unit!r}. Run 'course build {unit}'.")
    assignment, notebook = found
    worth = func.coalesce(GRADE_CELL.c.max_score, TASK_CELL.c.max_score)
    query = (
        select(CELL.c.name, CELL.c.id, CELL.c.type, worth)
        .outerjoin(GRADE_CELL, GRADE_CELL.c.id == CELL.c.id)
        .outerjoin(TASK_CELL, TASK_CELL.c.id == CELL.c.id)
    )
    rows = db.execute(query.where(CELL.c.notebook_id == notebook)).all()
    return Template(
        assignment=assignment,
        notebook=notebook,
        graded={name: key for name, key, kind, _ in rows if kind in ("GradeCell", "TaskCell")},
        answers={name: key for name, key, kind, _ in rows if kind in ("SolutionCell", "TaskCell")},
        worth={name: points for name, _, kind, points in rows if kind in ("GradeCell", "TaskCell")},
    )


def write_rows(
    db: Connection, course: Course, unit: Unit, template: Template, entries: Sequence[BookedEntry]
) -> list[Change]:
    """Write the entries; the caller commits.

    Returns:
        one change per submission: the mark before and after, late penalty included.
    """
    changes: list[Change] = []
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        known = _Known.read(db, template, [safe_name(entry.result.student) for entry in chunk])
        waiting = _Waiting()
        changes += [_write_one(waiting, course, unit, template, known, entry) for entry in chunk]
        waiting.send(db)
    return changes


@dataclass(frozen=True)
class _Known:
    """Rows that exist, by student, by submission and by cell."""

    students: set[str]
    submissions: Mapping[str, Any]
    notebooks: Mapping[str, Any]
    grades: Mapping[str, Mapping[str, Any]]
    comments: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, db: Connection, template: Template, students: list[str]) -> _Known:
        """Read what exists for these students."""
        assigned, notebook = SUBMISSION.c, SUBMITTED_NOTEBOOK.c
        names = db.scalars(select(STUDENT.c.id).where(STUDENT.c.id.in_(students)))
        submissions = db.execute(
            select(SUBMISSION).where(
                assigned.assignment_id == template.assignment, assigned.student_id.in_(students)
            )
        ).all()
        ids = [submission.id for submission in submissions]
        notebooks = db.execute(
            select(SUBMITTED_NOTEBOOK).where(
                notebook.notebook_id == template.notebook, notebook.assignment_id.in_(ids)
            )
        ).all()
        inside = [notebook.id for notebook in notebooks]
        return cls(
            students=set(names),
            submissions={submission.student_id: submission for submission in submissions},
            notebooks={notebook.assignment_id: notebook for notebook in notebooks},
            grades=_by_cell(db, GRADE, inside),
            comments=_by_cell(db, COMMENT, inside),
        )


def _by_cell(db: Connection, table: Table, notebooks: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if notebooks:
        for row in db.execute(select(table).where(table.c.notebook_id.in_(notebooks))):
            found.setdefault(row.notebook_id, {})[row.cell_id] = row
    return found


@dataclass(frozen=True)
class _Waiting:
    """Rows that are to be made and columns that are to be changed, until they are sent together."""

    new: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    changed: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = field(default_factory=dict)

    def put(self, table: Table, row: Any, whose: Mapping[str, str], values: Mapping[str, Any]) -> str:
        """Let the row have these values; where it is None, one is made that begins with ``whose``.

        Returns:
            the row's id.
        """
        if row is None:
            made = {"id": new_id(), **whose, **values}
            self.new.setdefault(table, []).append(made)
            return str(made["id"])
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if differing:
            self.changed.setdefault((table, tuple(differing)), []).append({"its_id": row.id, **differing})
        return str(row.id)

    def send(self, db: Connection) -> None:
        """Write everything, each table before those that refer to it."""
        for table in TABLES:
            if table in self.new:
                db.execute(table.insert(), self.new[table])
        for (table, _), rows in self.changed.items():
            db.execute(table.update().where(table.c.id == bindparam("its_id")), rows)


class _Grade(NamedTuple):
    """What stands in a row of a graded cell, by the names of the columns."""

    auto_score: float | None
    manual_score: float | None
    extra_credit: float | None
    needs_manual_grade: bool

    @property
    def ours(self) -> dict[str, Any]:
        """The columns that a projection may write."""
        return {
            "auto_score": self.auto_score,
            "extra_credit": self.extra_credit,
            "needs_manual_grade": self.needs_manual_grade,
        }


_UNMARKED = _Grade(None, None, None, True)


def _write_one(
    waiting: _Waiting, course: Course, unit: Unit, template: Template, known: _Known, entry: BookedEntry
) -> Change:
    result = entry.result
    name = safe_name(result.student)
    if name not in known.students:
        waiting.put(STUDENT, None, {"id": name}, {})
        known.students.add(name)
    row = known.submissions.get(name)
    moment = _moment(result, row)
    submission = waiting.put(
        SUBMISSION, row, {"assignment_id": template.assignment, "student_id": name}, {"timestamp": moment}
    )
    book = known.notebooks.get(submission)
    before = known.grades.get(book.id, {}) if book else {}
    grades = _grades(template, before, entry)
    late = lateness(course.late, unit.due, _iso(moment), row.extension if row else None)
    penalty = late.penalty(_total(grades.values())) if late.percent else None
    notebook = waiting.put(
        SUBMITTED_NOTEBOOK,
        book,
        {"assignment_id": submission, "notebook_id": template.notebook},
        {"late_submission_penalty": penalty, "flagged": book.flagged if book else False},
    )
    for cell, grade in grades.items():
        waiting.put(GRADE, before.get(cell), {"notebook_id": notebook, "cell_id": cell}, grade.ours)
    said = known.comments.get(notebook, {})
    for title, cell in template.answers.items():
        comment = {"auto_comment": _comment(entry, title)}
        waiting.put(COMMENT, said.get(cell), {"notebook_id": notebook, "cell_id": cell}, comment)
    old = _mark(before.values(), book.late_submission_penalty if book else None)
    return Change(result.student, old, _mark(grades.values(), penalty), _why(result, late.percent))


def _moment(result: Result, row: Any) -> datetime | None:
    """When it was handed in, as nbgrader keeps it; what the row says where the result does not know."""
    moment = parse_time(result.submitted)
    if moment is not None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    return row.timestamp if row else None


def _grades(template: Template, before: Mapping[str, Any], entry: BookedEntry) -> dict[str, _Grade]:
    """What is to stand in the rows of all graded cells, by the cell's key."""
    bonus = bonus_of(entry.result)
    return {
        cell: _grade(before.get(cell) or _UNMARKED, entry, name, bonus)
        for name, cell in template.graded.items()
    }


def _grade(row: Any, entry: BookedEntry, name: str, bonus: Mapping[str, float]) -> _Grade:
    """An automatic score for a task; for a written answer 0 where it is empty, else a person's turn.

    Bonus points are nbgrader's extra credit; a value that is not ours is a person's.
    """
    score = entry.scores.get(name)
    if score is None and entry.written.get(name):
        score = 0.0
    extra = row.extra_credit
    if name in bonus and extra in (None, entry.last_bonus.get(name)):
        extra = bonus[name] or None
    waits = row.needs_manual_grade
    if row.manual_score is None:
        waits = score is None
    elif row.auto_score != score or name in entry.changed:
        waits = True
    return _Grade(score, row.manual_score, extra, waits)


def _comment(entry: BookedEntry, name: str) -> str | None:
    return "No response." if entry.written.get(name) else cells.comment(entry.checks.get(name, ()))


def _total(grades: Iterable[Any]) -> float:
    return float(sum(_score(grade) for grade in grades))


def _score(grade: Any) -> float:
    """nbgrader's ``Grade.score``."""
    base = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return 0.0 if base is None else float(base + (grade.extra_credit or 0.0))


def _mark(grades: Iterable[Any], penalty: float | None) -> float | None:
    """The mark after the late penalty, or None where nothing was marked yet."""
    rows = list(grades)
    if all(row.auto_score is None and row.manual_score is None for row in rows):
        return None
    return round(_total(rows) - (penalty or 0.0), 6)


def _iso(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=UTC).isoformat() if moment else None


def _why(result: Result, percent: float) -> str:
    late = f", late: minus {percent:g} %" if percent else ""
    return f"graded, digest {result.digest[:12] or 'unknown'}{late}"
