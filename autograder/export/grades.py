"""Marks as CSV files that Canvas and Moodle import.

Both match a row to a person by an identifier, and a column to an assignment by its
title. With a *roster*, the gradebook that was exported from the platform, each row
keeps the platform's own identifiers and only the units' columns are filled in.
Without one, the student's name in this course stands as the login.

A cell that a spreadsheet would take for a formula is preceded by an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import UsageError
from ..course import Course, Unit
from ..gradebook import read_booked
from ..results.late import lateness
from ..results.store import read_results, safe_name, unreadable_results

FORMATS = ("canvas", "moodle")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Username",)
POINTS_POSSIBLE = "Points Possible"  # Canvas's second row, which is nobody
# a row belongs to the student whose name is in one of these columns; the first that matches counts
IDENTIFIERS = (
    *(
        "SIS Login ID",
        "SIS User ID",
        "Username",
        "ID number",
        "Email address",
        "Email",
        "ID",
        "Student",
        "Full name",
    ),
)


@dataclass(frozen=True)
class Column:
    """The marks of one unit."""

    title: str
    max_score: float
    marks: Mapping[str, float]  # by student
    waiting: tuple[str, ...] = ()  # a person still has to mark something
    unscored: tuple[str, ...] = ()  # a fault of ours left no mark
    damaged: tuple[str, ...] = ()  # a sentence for each result file that cannot be read


@dataclass(frozen=True)
class Table:
    """A CSV file and what could not be put into it."""

    text: str
    missing: tuple[str, ...] = ()  # students with marks who are not in the roster


@dataclass(frozen=True)
class PlatformTable:
    """A gradebook exported from the platform."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...] = field(default=())


def column_of(course: Course, unit: Unit) -> Column:
    """A unit's final marks: from the gradebook where there is one, else from the results."""
    results = read_results(course, unit.name)
    booked = read_booked(course, unit.name)
    names = {safe_name(result.student): result.student for result in results}
    marks = {names.get(name, name): mark.final for name, mark in booked.items()}
    for result in results:
        if result.score is not None and result.student not in marks:
            total = result.score + result.bonus
            late = lateness(course.late, unit.due, result.submitted)
            marks[result.student] = round(total - late.penalty(total), 6)
    totals = [mark.max_score for mark in booked.values()] + [result.max_score for result in results]
    return Column(
        title=unit.title,
        max_score=max(totals, default=0.0),
        marks=marks,
        waiting=tuple(sorted(names.get(name, name) for name, mark in booked.items() if mark.waiting)),
        unscored=tuple(result.student for result in results if result.student not in marks),
        damaged=tuple(map(str, unreadable_results(course, unit.name))),
    )


def read_roster(path: Path) -> PlatformTable:
    """A CSV file that Canvas or Moodle exported.

    Raises:
        UsageError: it has no column that identifies a person.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as UTF-8 text: {error}") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = tuple(reader.fieldnames or ())
    if not set(columns) & set(IDENTIFIERS):
        raise UsageError(
            f"{path} has the columns {', '.join(columns) or 'none'}; expected one of {', '.join(IDENTIFIERS)}"
        )
    rows = tuple({name: row.get(name) or "" for name in columns} for row in reader)
    return PlatformTable(columns, rows)


def grades_csv(style: str, columns: Sequence[Column], roster: PlatformTable | None = None) -> Table:
    """The marks in the style of ``"canvas"`` or ``"moodle"``."""
    if roster is not None:
        return _filled(style, columns, roster)
    students = sorted({student for column in columns for student in column.marks})
    if style == "moodle":
        rows = [[student, *_cells(columns, student)] for student in students]
        return Table(_csv([*MOODLE, *_titles(columns)], rows))
    rows = [[student, "", "", student, "", *_cells(columns, student)] for student in students]
    return Table(_csv([*CANVAS, *_titles(columns)], [_possible(len(CANVAS), columns), *rows]))


def _filled(style: str, columns: Sequence[Column], roster: PlatformTable) -> Table:
    students = {student for column in columns for student in column.marks}
    kept = [name for name in roster.columns if not _is_mark(name, columns)]
    identifying = [name for name in kept if name in (CANVAS if style == "canvas" else IDENTIFIERS)]
    header = [*identifying, *(_title_in(roster, column) for column in columns)]
    rows = [_possible(len(identifying), columns)] if style == "canvas" else []
    found: set[str] = set()
    for row in roster.rows:
        student = _student_of(row, students)
        if row.get("Student", "").strip() == POINTS_POSSIBLE:
            continue
        if student is not None:
            found.add(student)
        rows.append([*(row[name] for name in identifying), *_cells(columns, student)])
    return Table(_csv(header, rows), tuple(sorted(students - found)))


def _student_of(row: Mapping[str, str], students: set[str]) -> str | None:
    for name in IDENTIFIERS:
        value = row.get(name, "").strip()
        for candidate in (value, value.split("@")[0]):
            if candidate and candidate in students:
                return candidate
    return None


def _title_in(roster: PlatformTable, column: Column) -> str:
    """The platform's own title, such as ``Optimizers (4711)`` in Canvas."""
    return next((name for name in roster.columns if _is_mark(name, [column])), column.title)


def _is_mark(name: str, columns: Sequence[Column]) -> bool:
    plain = name.split(" (")[0].removeprefix("Assignment: ").strip()
    return plain in {column.title for column in columns}


def _titles(columns: Iterable[Column]) -> list[str]:
    return [column.title for column in columns]


def _cells(columns: Iterable[Column], student: str | None) -> list[str]:
    return [_number(column.marks.get(student)) if student is not None else "" for column in columns]


def _possible(width: int, columns: Iterable[Column]) -> list[str]:
    return [f"    {POINTS_POSSIBLE}", *[""] * (width - 1), *(_number(column.max_score) for column in columns)]


def _number(mark: float | None) -> str:
    return "" if mark is None else f"{mark:.4f}".rstrip("0").rstrip(".")


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_text(cell) for cell in header])
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _text(cell: str) -> str:
    """A cell that no spreadsheet runs; negative marks are not known here."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
