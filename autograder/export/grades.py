"""Marks as CSV files that Canvas, Moodle and Gradescope know people and assignments by.

With a *roster*, the table that was exported from the platform, each row keeps the platform's own
identifiers, and only the units' columns are filled in: ``people.py`` finds the rows, ``columns.py`` the
columns. Without one, the table has what the platform's own files said of a student: Canvas' number,
Gradescope's SID and e-mail; else the student's name in this course stands as the login. A mark that has
no place of its own is left out and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ..base.errors import ConfigError
from ..course import Course, Unit
from ..marks import Mark, UnitFacts, total_of, units_over
from ..marks.identities import read_identities
from ..marks.roster import read_roster, roster_file
from ..notebook.naming import Identities, KnownAs
from ..notebook.platforms import CANVAS as CANVAS_FILES
from .columns import columns_of
from .headers import folded
from .people import POINTS_POSSIBLE, KnownStudent, is_nobody, place
from .tables import PlatformTable
from .writing import Value, csv_text

FORMATS = ("canvas", "moodle", "gradescope")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = ("Username",)
GRADESCOPE = ("Name", "SID", "Email")
TOTAL = "Weighted total"
OUT_OF = 100.0  # what a total has


@dataclass(frozen=True)
class Column:
    """The marks of one unit."""

    facts: UnitFacts
    of: Mapping[str, Mark]  # by student

    @property
    def unit(self) -> Unit:
        """Whose marks they are."""
        return self.facts.unit

    @property
    def title(self) -> str:
        """The unit's."""
        return self.unit.title

    @property
    def marks(self) -> dict[str, float]:
        """The points of everybody who has some."""
        return {student: mark.points for student, mark in self.of.items() if mark.points is not None}

    @property
    def max_score(self) -> float:
        """What a mark is out of."""
        return max((mark.out_of or 0.0 for mark in self.of.values()), default=0.0)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Students of whose work a person still has to mark something."""
        return tuple(student for student, mark in self.of.items() if mark.waits)

    @property
    def unscored(self) -> tuple[str, ...]:
        """Students whom a fault of ours left without a mark."""
        return tuple(student for student, mark in self.of.items() if mark.points is None)


@dataclass(frozen=True)
class Table:
    """A CSV file and what could not be put into it."""

    text: str
    missing: tuple[str, ...] = ()  # students with marks who are in no row
    remarks: tuple[str, ...] = ()  # what else has no place, a sentence each
    encoding: str = "utf-8"


@dataclass(frozen=True)
class People:
    """What is known of students beside their marks."""

    identities: Identities
    enrolled: Mapping[str, tuple[str, str]]  # name and e-mail by login, of the course's own roster
    units: tuple[str, ...] = ()  # of the course

    def of(self, student: str, unit: str) -> KnownStudent:
        """What holds for a student at a unit."""
        name, email = self.enrolled.get(student, ("", ""))
        known = tuple(self.identities.of_student(student, unit))
        return KnownStudent(student, known, student in self.enrolled, name, email)


NOBODY = People(Identities(), {})


def people_of(connection: Connection, course: Course) -> People:
    """What platforms' files and the course's own roster say; of nobody where there is no roster."""
    try:
        members = read_roster(roster_file(course)).members
    except ConfigError:
        members = ()
    enrolled = {member.username: (member.name, member.email) for member in members}
    return People(read_identities(connection), enrolled, tuple(unit.name for unit in course.units))


def column_of(facts: UnitFacts) -> Column:
    """The marks of record of a unit."""
    return Column(facts, {mark.student: mark for mark in facts.marks()})


def grades_csv(
    style: str,
    columns: Sequence[Column],
    roster: PlatformTable | None = None,
    people: People = NOBODY,
    total: datetime | None = None,
) -> Table:
    """The marks in the style of ``"canvas"``, ``"moodle"`` or ``"gradescope"``, or in the roster's.

    Args:
        style: which columns a table without a roster has.
        columns: of the units.
        roster: the table that the platform exported.
        people: what is known of students.
        total: now, for a column with the weighted total of these units; None: without.
    """
    if roster is None and style == "gradescope":
        roster = _by_sid(columns, people)
        if not roster.rows:
            return Table(csv_text([*GRADESCOPE, *_titles(columns)], []), tuple(sorted(_students(columns))))
    if roster is not None:
        return _filled(columns, roster, people, total)
    titles = [*_titles(columns), *([TOTAL] if total else [])]
    named = {student: _names(style, student, people) for student in sorted(_students(columns))}
    rows = [
        [*names, *_cells(columns, [(student,)] * len(columns), total)]
        for student, names in named.items()
        if names
    ]
    missing = tuple(student for student, names in named.items() if not names)
    if style == "moodle":
        return Table(csv_text([*MOODLE, *titles], rows), missing)
    return Table(csv_text([*CANVAS, *titles], [_possible(len(CANVAS), columns, total), *rows]), missing)


def _filled(
    columns: Sequence[Column], roster: PlatformTable, people: People, total: datetime | None
) -> Table:
    chosen, remarks = columns_of(roster, _titles(columns))
    written = [column for column in columns if column.title in chosen]
    owners, missing = [], set()
    for column in written:
        placing = place([people.of(student, column.unit.name) for student in sorted(column.marks)], roster)
        owners.append({row: student for student, rows in placing.rows.items() for row in rows})
        missing |= {*placing.missing}
        remarks += [f"{column.title}: {remark}" for remark in placing.remarks]
    kept = roster.identifying
    places = [chosen[column.title] for column in written]
    titles = [
        column.title if index is None else roster.columns[index]
        for column, index in zip(written, places, strict=True)
    ]
    header = [*(roster.columns[index] for index in kept), *titles, *([TOTAL] if total else [])]
    rows: list[list[Value]] = []
    for number, row in enumerate(roster.rows):
        if POINTS_POSSIBLE in (cell.strip() for cell in row):
            rows.append(_possible(len(kept), written, total))
        elif is_nobody(roster, row):  # how Canvas posts marks, or its second row in another language
            theirs = ["" if index is None else row[index] for index in places]
            rows.append([*(row[index] for index in kept), *theirs, *([""] if total else [])])
        else:
            names = [(owner[number],) if number in owner else () for owner in owners]
            rows.append([*(row[index] for index in kept), *_cells(written, names, total)])
    text = csv_text(header, rows, roster.delimiter)
    return Table(text, tuple(sorted(missing)), tuple(remarks), roster.encoding)


def _cells(
    columns: Sequence[Column], names: Sequence[tuple[str, ...]], total: datetime | None
) -> list[Value]:
    """The marks of one row, whose student at each unit is named; then the total."""
    of = [column.of.get(name[0]) if name else None for column, name in zip(columns, names, strict=True)]
    cells: list[Value] = [None if mark is None else mark.points for mark in of]
    return cells if total is None else [*cells, _total(columns, of, names, total)]


def _total(
    columns: Sequence[Column], of: Sequence[Mark | None], names: Sequence[tuple[str, ...]], moment: datetime
) -> float | None:
    """The total of one row; of somebody without any mark here there is none."""
    students = {student for name in names for student in name}
    if not students:
        return None
    marks = {column.unit.name: mark for column, mark in zip(columns, of, strict=True) if mark is not None}
    over = units_over([column.facts for column in columns], students, moment)
    return total_of(_course_of(columns), marks, over).percent


def _course_of(columns: Sequence[Column]) -> Course:
    """The course with these units only."""
    return replace(columns[0].facts.course, units=tuple(column.unit for column in columns))


def _names(style: str, student: str, people: People) -> list[Value]:
    """The identifying cells of a student in a table without a roster; none where the platform has no such
    login: what another platform calls somebody may be somebody else's login there.
    """
    known = [each for unit in people.units for each in people.identities.of_student(student, unit)]
    canvas = next((each for each in known if _is_canvas(each)), None)
    if style == "canvas" and canvas is not None:
        return [canvas.called, canvas.id, "", "", ""]
    if known and student not in people.enrolled:
        return []
    return [student] if style == "moodle" else [student, "", "", student, ""]


def _is_canvas(known: KnownAs) -> bool:
    return known.platform == CANVAS_FILES and bool(known.called)


def _by_sid(columns: Sequence[Column], people: People) -> PlatformTable:
    """A table with a row for everybody whose SID or e-mail is known."""
    rows: dict[str, tuple[str, ...]] = {}
    for column in columns:
        for student in column.marks:
            known = people.of(student, column.unit.name)
            found = [(each.name, each.sid, each.email) for each in known.people]
            for row in found or [(known.name, "", known.email)]:
                if row[1] or row[2]:
                    rows.setdefault(row[1] or folded(row[2]), row)
    titles = _titles(columns)
    return PlatformTable(
        (*GRADESCOPE, *titles), tuple((*rows[key], *[""] * len(titles)) for key in sorted(rows))
    )


def _students(columns: Iterable[Column]) -> set[str]:
    return {student for column in columns for student in column.marks}


def _titles(columns: Iterable[Column]) -> list[str]:
    return [column.title for column in columns]


def _possible(width: int, columns: Iterable[Column], total: datetime | None) -> list[Value]:
    possible = [*(column.max_score for column in columns), *([OUT_OF] if total else [])]
    return [f"    {POINTS_POSSIBLE}", *[""] * (width - 1), *possible]
