"""nbgrader's rows for many results, written as objects in one transaction.

nbgrader's own calls take 17 ms per student, since each opens and commits. Here the
rows of a few hundred students are read in five queries, changed in memory and
flushed at once. A submission needs a ``SubmittedNotebook`` and *all* its ``Grade``
and ``Comment`` rows, or formgrader fails on it.

What a person wrote is never touched: ``manual_score``, ``manual_comment``, and an
``extra_credit`` that is not the bonus which we wrote last. Where an automatic score changes under a
manual one, the row is marked for another look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..audit import Change
from ..course import Course, Unit
from ..errors import ConfigError
from ..late import lateness, parse_time
from ..results import safe_name
from ..verdicts import Result
from . import cells
from .written import bonus_of

CHUNK = 300  # students per round of queries; databases bound the length of a list


@dataclass(frozen=True)
class Entry:
    """What is to be written for one submission."""

    result: Result
    seen: Result  # the part of it that the course ever shows to students
    written: Mapping[str, bool]  # written answer -> True where it was left as it came
    changed: frozenset[str]  # written answers that differ from the last graded submission
    last_bonus: Mapping[str, float]  # extra credit by graded cell, as we wrote it the last time


@dataclass(frozen=True)
class Template:
    """The assignment as the gradebook knows it."""

    assignment: Any
    notebook: Any
    graded: Mapping[str, Any]  # GradeCell and TaskCell by name
    answers: Mapping[str, Any]  # SolutionCell and TaskCell by name

    @property
    def worth(self) -> dict[str, float]:
        """Points of each graded cell."""
        return {name: cell.max_score for name, cell in self.graded.items()}


def read_template(gradebook: Any, unit: str) -> Template:
    """The unit's cells.

    Raises:
        ConfigError: the assignment is not in the gradebook.
    """
    from nbgrader.api import MissingEntry

    try:
        notebook = gradebook.find_notebook(unit, unit)
    except MissingEntry as error:
        raise ConfigError(f"the gradebook has no assignment {unit!r}. Run 'course build {unit}'.") from error
    tasks = {cell.name: cell for cell in notebook.task_cells}
    return Template(
        assignment=notebook.assignment,
        notebook=notebook,
        graded={cell.name: cell for cell in notebook.grade_cells} | tasks,
        answers={cell.name: cell for cell in notebook.solution_cells} | tasks,
    )


def write_rows(
    db: Any, course: Course, unit: Unit, template: Template, entries: Sequence[Entry]
) -> list[Change]:
    """Write the entries into the session ``db`` and flush; the caller commits.

    Returns:
        one change per submission: the mark before and after, late penalty included.

    Raises:
        RefusedScoreError: a result holds a number that is no mark.
    """
    changes: list[Change] = []
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        known = _Known.read(db, template, [safe_name(entry.result.student) for entry in chunk])
        changes += [_write_one(db, course, unit, template, known, entry) for entry in chunk]
        db.flush()
    return changes


@dataclass(frozen=True)
class _Known:
    """Rows that exist, by student, by submitted notebook and by cell."""

    students: set[str]
    submissions: Mapping[str, Any]
    notebooks: Mapping[str, Any]
    grades: Mapping[str, Mapping[str, Any]]
    comments: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, db: Any, template: Template, students: list[str]) -> _Known:
        """Read what exists for these students in five queries."""
        from nbgrader import api
        from sqlalchemy import select

        assigned = api.SubmittedAssignment
        names = db.scalars(select(api.Student.id).where(api.Student.id.in_(students)))
        submissions = db.scalars(
            select(assigned).where(
                assigned.assignment_id == template.assignment.id, assigned.student_id.in_(students)
            )
        ).all()
        ids = [submission.id for submission in submissions]
        notebooks = db.scalars(
            select(api.SubmittedNotebook).where(
                api.SubmittedNotebook.notebook_id == template.notebook.id,
                api.SubmittedNotebook.assignment_id.in_(ids),
            )
        ).all()
        inside = [notebook.id for notebook in notebooks]
        return cls(
            students=set(names),
            submissions={submission.student_id: submission for submission in submissions},
            notebooks={notebook.assignment_id: notebook for notebook in notebooks},
            grades=_by_cell(db.scalars(select(api.Grade).where(api.Grade.notebook_id.in_(inside)))),
            comments=_by_cell(db.scalars(select(api.Comment).where(api.Comment.notebook_id.in_(inside)))),
        )


def _by_cell(rows: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row.notebook_id, {})[row.cell_id] = row
    return found


def _write_one(
    db: Any, course: Course, unit: Unit, template: Template, known: _Known, entry: Entry
) -> Change:
    result = entry.result
    scores = cells.scores(result, template.worth)
    submission, notebook = _submission(db, template, known, result)
    grades = _complete(db, "Grade", template.graded, known.grades.get(notebook.id, {}), notebook)
    comments = _complete(db, "Comment", template.answers, known.comments.get(notebook.id, {}), notebook)
    old = _mark(grades.values(), notebook)
    for name, grade in grades.items():
        _set_score(grade, scores.get(name), entry, name)
    _set_bonus(grades, entry)
    for name, row in comments.items():
        row.auto_comment = "No response." if entry.written.get(name) else cells.comment(entry.seen, name)
    late = lateness(course.late, unit.due, _stamp(submission), submission.extension)
    notebook.late_submission_penalty = late.penalty(_total(grades.values())) if late.percent else None
    return Change(result.student, old, _mark(grades.values(), notebook), _why(result, late.percent))


def _submission(db: Any, template: Template, known: _Known, result: Result) -> tuple[Any, Any]:
    from nbgrader import api

    name = safe_name(result.student)
    if name not in known.students:
        db.add(api.Student(id=name))
        known.students.add(name)
    submission = known.submissions.get(name)
    if submission is None:
        submission = api.SubmittedAssignment(
            id=api.new_uuid(), assignment_id=template.assignment.id, student_id=name, extension=None
        )
        db.add(submission)
    moment = parse_time(result.submitted)
    if moment is not None:
        submission.timestamp = moment.astimezone(UTC).replace(tzinfo=None)
    notebook = known.notebooks.get(submission.id)
    if notebook is None:
        notebook = api.SubmittedNotebook(
            id=api.new_uuid(), notebook_id=template.notebook.id, assignment_id=submission.id, flagged=False
        )
        db.add(notebook)
    return submission, notebook


def _complete(
    db: Any, kind: str, wanted: Mapping[str, Any], rows: Mapping[str, Any], notebook: Any
) -> dict[str, Any]:
    """The rows of all cells by the cell's name; missing ones are made."""
    from nbgrader import api

    found: dict[str, Any] = {}
    for name, cell in wanted.items():
        row = rows.get(cell.id)
        if row is None:
            row = getattr(api, kind)(id=api.new_uuid(), cell_id=cell.id, notebook_id=notebook.id)
            db.add(row)
        found[name] = row
    return found


def _set_score(grade: Any, score: float | None, entry: Entry, name: str) -> None:
    """An automatic score for a task; for a written answer 0 where it is empty, else a person's turn."""
    if score is None and entry.written.get(name):
        score = 0.0
    moved = grade.auto_score != score
    grade.auto_score = score
    if grade.manual_score is None:
        grade.needs_manual_grade = score is None
    elif moved or name in entry.changed:
        grade.needs_manual_grade = True


def _set_bonus(grades: Mapping[str, Any], entry: Entry) -> None:
    """Bonus points are nbgrader's extra credit; a value that is not ours is a person's."""
    for name, points in bonus_of(entry.result).items():
        grade = grades.get(name)
        if grade is not None and grade.extra_credit in (None, entry.last_bonus.get(name)):
            grade.extra_credit = points or None


def _total(grades: Any) -> float:
    return float(sum(_score(grade) for grade in grades))


def _score(grade: Any) -> float:
    """nbgrader's ``Grade.score``, which is known only to the database until it is flushed."""
    base = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return 0.0 if base is None else float(base + (grade.extra_credit or 0.0))


def _mark(grades: Any, notebook: Any) -> float | None:
    """The mark after the late penalty, or None where nothing was marked yet."""
    rows = list(grades)
    if all(row.auto_score is None and row.manual_score is None for row in rows):
        return None
    return round(_total(rows) - (notebook.late_submission_penalty or 0.0), 6)


def _stamp(submission: Any) -> str | None:
    moment: datetime | None = submission.timestamp
    return moment.replace(tzinfo=UTC).isoformat() if moment else None


def _why(result: Result, percent: float) -> str:
    late = f", late: minus {percent:g} %" if percent else ""
    return f"graded, digest {result.digest[:12] or 'unknown'}{late}"
