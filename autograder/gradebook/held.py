"""What the gradebook holds: the unit's cells, and the rows of a few hundred students in five queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select

from ..base.errors import ConfigError
from ..results.store import safe_name
from .cells import GradeRow
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
    TASK_CELL,
)
from .written import Projected

CHUNK = 300  # students per round of queries; databases bound the length of a list


@dataclass(frozen=True)
class Template:
    """The assignment as the gradebook knows it."""

    assignment: str  # the assignment's key
    notebook: str  # its notebook's key
    graded: Mapping[str, str]  # keys of graded cells and task cells by name
    answers: Mapping[str, str]  # keys of answer cells and task cells by name


@dataclass(frozen=True)
class HeldRows:
    """The rows of one student; each is None, or missing, where nobody made it."""

    known: bool = False  # whether nbgrader knows the student
    submission: Any = None
    notebook: Any = None
    grades: Mapping[str, Any] = field(default_factory=dict)  # by graded cell
    comments: Mapping[str, Any] = field(default_factory=dict)  # by answer cell

    @property
    def marked(self) -> bool:
        """Whether the checks or a person gave anything."""
        return any(row.auto_score is not None or row.manual_score is not None for row in self.grades.values())

    @property
    def points(self) -> float | None:
        """The mark after the late penalty, or None where nothing was marked yet."""
        if not self.marked:
            return None
        total = sum(grade_of(row).score for row in self.grades.values())
        return round(total - (self.notebook.late_submission_penalty or 0.0), 6)

    def seen(self, attempt: str = "", points: float | None = None) -> Projected:
        """What stands in them."""
        extension = self.submission.extension if self.submission is not None else None
        return Projected(
            attempt=attempt,
            notebook=self.notebook.id if self.notebook is not None else "",
            points=points,
            extension=extension.total_seconds() if extension else 0.0,
            grades={name: grade_of(row) for name, row in self.grades.items()},
            comments={name: row.manual_comment for name, row in self.comments.items() if row.manual_comment},
        )


def grade_of(row: Any) -> GradeRow:
    """The columns of a graded cell; no extra credit is one of 0."""
    return GradeRow(row.auto_score, row.manual_score, row.extra_credit or None, bool(row.needs_manual_grade))


def find_template(db: Connection, unit: str) -> Template | None:
    """The unit's cells; None where the assignment is not in the gradebook."""
    keys = (
        select(ASSIGNMENT.c.id, NOTEBOOK.c.id)
        .join_from(ASSIGNMENT, NOTEBOOK, NOTEBOOK.c.assignment_id == ASSIGNMENT.c.id)
        .where(ASSIGNMENT.c.name == unit, NOTEBOOK.c.name == unit)
    )
    found = db.execute(keys).first() if inspect(db).has_table(ASSIGNMENT.name) else None
    if found is None:
        return None
    assignment, notebook = found
    rows = db.execute(select(CELL.c.name, CELL.c.id, CELL.c.type).where(CELL.c.notebook_id == notebook)).all()
    return Template(
        assignment=assignment,
        notebook=notebook,
        graded={name: key for name, key, kind in rows if kind in ("GradeCell", "TaskCell")},
        answers={name: key for name, key, kind in rows if kind in ("SolutionCell", "TaskCell")},
    )


def read_template(db: Connection, unit: str) -> Template:
    """The unit's cells.

    Raises:
        ConfigError: the assignment is not in the gradebook.
    """
    found = find_template(db, unit)
    if found is None:
        raise ConfigError(f"the gradebook has no assignment {unit!r}. Run 'course build {unit}'.")
    return found


def read_worth(db: Connection, unit: str) -> float:
    """nbgrader's ``max_score`` of a unit."""
    worth = func.coalesce(GRADE_CELL.c.max_score, TASK_CELL.c.max_score, 0.0)
    query = (
        select(func.sum(worth))
        .select_from(CELL)
        .join(NOTEBOOK, NOTEBOOK.c.id == CELL.c.notebook_id)
        .join(ASSIGNMENT, ASSIGNMENT.c.id == NOTEBOOK.c.assignment_id)
        .outerjoin(GRADE_CELL, GRADE_CELL.c.id == CELL.c.id)
        .outerjoin(TASK_CELL, TASK_CELL.c.id == CELL.c.id)
    )
    return float(db.execute(query.where(ASSIGNMENT.c.name == unit)).scalar() or 0.0)


def read_rows(db: Connection, template: Template, students: Iterable[str]) -> dict[str, HeldRows]:
    """The rows of these students, by name."""
    names = list(students)
    found: dict[str, HeldRows] = {}
    for start in range(0, len(names), CHUNK):
        found |= _read(db, template, names[start : start + CHUNK])
    return found


def _read(db: Connection, template: Template, students: list[str]) -> dict[str, HeldRows]:
    names = {student: safe_name(student) for student in students}
    assigned, inner = SUBMISSION.c, SUBMITTED_NOTEBOOK.c
    known = set(db.scalars(select(STUDENT.c.id).where(STUDENT.c.id.in_(names.values()))))
    submissions = db.execute(
        select(SUBMISSION).where(
            assigned.assignment_id == template.assignment, assigned.student_id.in_(names.values())
        )
    ).all()
    notebooks = db.execute(
        select(SUBMITTED_NOTEBOOK).where(
            inner.notebook_id == template.notebook, inner.assignment_id.in_([row.id for row in submissions])
        )
    ).all()
    inside = [row.id for row in notebooks]
    grades = _by_cell(db, GRADE, inside, template.graded)
    comments = _by_cell(db, COMMENT, inside, template.answers)
    by_student = {row.student_id: row for row in submissions}
    by_submission = {row.assignment_id: row for row in notebooks}
    found = {}
    for student, name in names.items():
        submission = by_student.get(name)
        notebook = by_submission.get(submission.id) if submission is not None else None
        key = notebook.id if notebook is not None else ""
        found[student] = HeldRows(
            name in known, submission, notebook, grades.get(key, {}), comments.get(key, {})
        )
    return found


def _by_cell(
    db: Connection, table: Table, notebooks: list[str], cells: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    names = {key: name for name, key in cells.items()}
    found: dict[str, dict[str, Any]] = {}
    if notebooks:
        for row in db.execute(select(table).where(table.c.notebook_id.in_(notebooks))):
            if row.cell_id in names:
                found.setdefault(row.notebook_id, {})[names[row.cell_id]] = row
    return found
