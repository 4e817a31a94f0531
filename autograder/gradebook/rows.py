"""nbgrader's rows for many marks, written in one transaction.

nbgrader's own calls take 17 ms per student, since each opens and commits. Here the rows that were read
are compared with what they should be, and what is new or differs is sent in one statement for each table.
A submission needs a ``SubmittedNotebook`` and *all* its ``Grade`` and ``Comment`` rows, or formgrader
fails on it.

What a person may write is only written over where it still is what was read: what somebody writes
meanwhile stays, and is taken in the next time (``foreign.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam

from ..marks import AttemptMark, Due, Mark, by_hand
from ..results.late import parse_time
from ..results.result import Check
from ..results.store import safe_name
from . import cells
from .cells import GradeRow
from .held import HeldRows, Template
from .tables import COMMENT, GRADE, STUDENT, SUBMISSION, SUBMITTED_NOTEBOOK, TABLES, new_id
from .written import Projected

OF_PEOPLE = ("manual_score", "extra_credit", "manual_comment", "extension")  # columns that others write, too


@dataclass(frozen=True)
class BookedEntry:
    """What is to be written for one student."""

    mark: Mark
    rows: HeldRows  # as they are
    grades: Mapping[str, GradeRow]  # by graded cell
    checks: Mapping[str, Sequence[Check]]  # by task, as far as the course ever shows them to students


@dataclass(frozen=True)
class Sending:
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
            before = {f"was_{name}": getattr(row, name) for name in differing if name in OF_PEOPLE}
            change = {"its_id": row.id, **differing, **before}
            self.changed.setdefault((table, tuple(differing)), []).append(change)
        return str(row.id)

    def send(self, db: Connection) -> None:
        """Write everything, each table before those that refer to it."""
        for table in TABLES:
            if table in self.new:
                db.execute(table.insert(), self.new[table])
        for (table, names), rows in self.changed.items():
            where = [table.c.id == bindparam("its_id")]
            where += [_as_it_was(table, name) for name in names if name in OF_PEOPLE]
            db.execute(table.update().where(*where), rows)


def _as_it_was(table: Table, name: str) -> Any:
    column = table.c[name]
    return column.is_not_distinct_from(bindparam(f"was_{name}", type_=column.type))


def plan(sending: Sending, template: Template, entry: BookedEntry) -> Projected:
    """Add what one student's rows need; returns what will stand in them."""
    mark, rows, counting = entry.mark, entry.rows, entry.mark.counting
    name = safe_name(mark.student)
    if not rows.known:
        sending.put(STUDENT, None, {"id": name}, {})
    extension = extension_of(mark.due)
    submission = sending.put(
        SUBMISSION,
        rows.submission,
        {"assignment_id": template.assignment, "student_id": name},
        {"timestamp": handed_in(counting), "extension": extension or None},
    )
    notebook = sending.put(
        SUBMITTED_NOTEBOOK,
        rows.notebook,
        {"assignment_id": submission, "notebook_id": template.notebook},
        {
            "late_submission_penalty": counting.penalty if counting and counting.late.percent else None,
            "flagged": rows.notebook.flagged if rows.notebook is not None else False,
        },
    )
    for cell, key in template.graded.items():
        whose = {"notebook_id": notebook, "cell_id": key}
        sending.put(GRADE, rows.grades.get(cell), whose, entry.grades[cell]._asdict())
    said = {cell: _said(counting, cell) for cell in template.answers}
    for cell, key in template.answers.items():
        comments = {"auto_comment": _comment(entry, cell), "manual_comment": said[cell] or None}
        sending.put(COMMENT, rows.comments.get(cell), {"notebook_id": notebook, "cell_id": key}, comments)
    return Projected(
        attempt=counting.attempt.id if counting else "",
        notebook=notebook,
        points=mark.points,
        extension=extension.total_seconds(),
        grades=dict(entry.grades),
        comments={cell: comment for cell, comment in said.items() if comment},
    )


def extension_of(due: Due) -> timedelta:
    """By how much a student's own date is later than the unit's, by a clock that is never changed."""
    return due.moment.astimezone(UTC) - due.unit.astimezone(UTC)


def handed_in(counting: AttemptMark | None) -> datetime | None:
    """When the attempt that counts was handed in, as nbgrader keeps it: UTC without a zone."""
    moment = parse_time(counting.attempt.submitted) if counting else None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _said(counting: AttemptMark | None, name: str) -> str:
    """A person's comment."""
    entry = counting.entries.get((name, by_hand.COMMENT)) if counting else None
    return entry.comment if entry else ""


def _comment(entry: BookedEntry, name: str) -> str | None:
    counting = entry.mark.counting
    if counting is not None and counting.graded is not None and counting.graded.answers.get(name) == "":
        return "No response."
    return cells.comment(entry.checks.get(name, ()))
