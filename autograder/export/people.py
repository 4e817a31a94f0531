"""Which row of a platform's table is which student: by what the platform's own files said, never by guess.

    what is known of a student                 the columns that it is looked for in
    Canvas' number, from the file's name       "ID"
    Moodle's number, from the folder's name    "Identifier" (Participant 11), else the name in it
    SID or e-mail, from Gradescope's metadata  "SID", "ID number", ...; then the e-mail
    the student's name in this course          login, numbers, e-mail, name; the first column that has it
    e-mail and name in data/roster.csv         the same columns

What one of these finds in two rows belongs to none. The part of an address before its "@" is nobody: the
same may stand before another domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..base.text import SHORT, plain
from ..notebook.naming import KnownAs
from ..notebook.platforms import CANVAS, MOODLE, Submitter
from .headers import CANVAS_ID, EMAIL, FULL, LOGIN, NUMBER, PARTICIPANT, SIS, folded
from .tables import PlatformTable, full_names

POINTS_POSSIBLE = "Points Possible"  # Canvas's second row, which is nobody
_BY_NAME = (LOGIN, SIS, NUMBER, EMAIL, CANVAS_ID, FULL)


@dataclass(frozen=True)
class KnownStudent:
    """What is known of a student beside the marks."""

    student: str
    platforms: tuple[KnownAs, ...] = ()
    enrolled: bool = False  # on the course's own roster, whose login the name is
    name: str = ""  # there
    email: str = ""  # there

    @property
    def people(self) -> tuple[Submitter, ...]:
        """Who handed it in, as a platform says."""
        return next((each.people for each in reversed(self.platforms) if each.people), ())


@dataclass(frozen=True)
class Placing:
    """Where marks go, and why some go nowhere."""

    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # by student; a group has several
    missing: tuple[str, ...] = ()  # who is in no row
    remarks: tuple[str, ...] = ()  # a sentence for each who fits several rows


class Rows:
    """Finds the rows of a table."""

    def __init__(self, table: PlatformTable) -> None:
        self._table = table
        self._people = [index for index, row in enumerate(table.rows) if not is_nobody(table, row)]
        self._found: dict[str, list[list[tuple[int, set[str]]]]] = {}

    def has(self, kind: str) -> bool:
        """Whether the table has such a column."""
        return bool(self._columns(kind))

    def find(self, kinds: Iterable[str], wanted: str) -> list[int]:
        """The rows in which the first column that has it has it; as it is written, else folded."""
        if not wanted.strip():
            return []
        for column in (column for kind in kinds for column in self._columns(kind)):
            rows = [row for row, values in column if wanted in values]
            rows = rows or [
                row for row, values in column if folded(wanted) in {folded(value) for value in values}
            ]
            if rows:
                return rows
        return []

    def named(self) -> Sequence[str]:
        """The kind of the column that somebody said identifies people, where somebody did."""
        return ("named",) if self._table.id_column is not None else ()

    def _columns(self, kind: str) -> list[list[tuple[int, set[str]]]]:
        if kind not in self._found:
            self._found[kind] = self._read(kind)
        return self._found[kind]

    def _read(self, kind: str) -> list[list[tuple[int, set[str]]]]:
        table = self._table
        if kind == FULL:
            column = [(row, set(full_names(table, table.rows[row]))) for row in self._people]
            return [column] if any(names for _, names in column) else []
        indexes = [table.id_column] if kind == "named" else table.indexes(kind)
        return [
            [(row, {_value(kind, table.rows[row][index])}) for row in self._people]
            for index in indexes
            if index is not None
        ]


def _value(kind: str, cell: str) -> str:
    """A cell; of Moodle's "Participant 11" the number."""
    number = re.search(r"\d+\s*$", cell) if kind == PARTICIPANT else None
    return number[0].strip() if number else cell.strip()


def is_nobody(table: PlatformTable, row: Sequence[str]) -> bool:
    """Canvas' rows between its header and the people: points possible, how marks are posted."""
    if any(row[index].strip() == POINTS_POSSIBLE for index in table.indexes(FULL)):
        return True
    ids = [index for kind in _BY_NAME if kind != FULL for index in table.indexes(kind)]
    return bool(table.indexes(CANVAS_ID)) and not any(row[index].strip() for index in ids)


def place(students: Iterable[KnownStudent], table: PlatformTable) -> Placing:
    """The rows of students with a mark at one unit."""
    rows = Rows(table)
    placed: dict[str, tuple[int, ...]] = {}
    missing: list[str] = []
    remarks: list[str] = []
    for each in students:
        parts = [_one_of(rows, each, person) for person in each.people] or [_alone(rows, each)]
        several = [len(part) for part in parts if len(part) > 1]
        if several:
            remarks.append(f"{each.student} fits {several[0]} rows of the roster, so nobody got the mark")
        found = [part[0] for part in parts if len(part) == 1]
        if found:
            placed[each.student] = tuple(dict.fromkeys(found))
        lost = [_called(person) for person, part in zip(each.people, parts, strict=False) if not part]
        if lost and found:
            remarks.append(f"not in the roster: {', '.join(lost)} of the group {each.student}")
        elif not found and not several:
            missing.append(each.student)
    return _without_rivals(placed, table, tuple(sorted(missing)), remarks)


def _without_rivals(
    placed: Mapping[str, tuple[int, ...]], table: PlatformTable, missing: tuple[str, ...], remarks: list[str]
) -> Placing:
    """Two students of one row: which mark is that person's, nobody can say."""
    owners: dict[int, list[str]] = {}
    for student, rows in placed.items():
        for row in rows:
            owners.setdefault(row, []).append(student)
    rivals = {row: names for row, names in owners.items() if len(names) > 1}
    for row, names in rivals.items():
        who = next((cell for cell in table.rows[row] if cell.strip()), f"number {row + 1}")
        remarks.append(f"{' and '.join(sorted(names))} fit the same row ({who}), which got no mark")
    kept = {student: tuple(row for row in rows if row not in rivals) for student, rows in placed.items()}
    return Placing({student: rows for student, rows in kept.items() if rows}, missing, tuple(remarks))


def _one_of(rows: Rows, known: KnownStudent, person: Submitter) -> list[int]:
    """The rows of one submitter that Gradescope names."""
    if named := rows.named():
        wanted = (person.sid, person.email, person.name, *([known.student] if len(known.people) == 1 else ()))
        return _first(rows.find(named, each) for each in wanted)
    return _first(
        rows.find(kinds, wanted)
        for kinds, wanted in (
            ((NUMBER, SIS, LOGIN), person.sid),
            ((EMAIL, LOGIN), person.email),
            ((FULL,), person.name if not (person.sid or person.email) else ""),
        )
    )


def _alone(rows: Rows, known: KnownStudent) -> list[int]:
    """The rows of a student whom no platform's metadata names."""
    if named := rows.named():
        ids = [each.id for each in known.platforms if each.called]
        called = [each.called for each in known.platforms]
        wanted = (known.student, *ids, known.email, *called, known.name)
        return _first(rows.find(named, each) for each in wanted)
    for each in known.platforms:
        kind = {CANVAS: CANVAS_ID, MOODLE: PARTICIPANT}.get(each.platform)
        if kind and rows.has(kind) and (each.called or kind == PARTICIPANT):
            return rows.find((kind,), each.id)  # this is whose it is, or nobody's
    names = [each.called for each in known.platforms if each.platform == MOODLE]
    own = _BY_NAME if known.enrolled or not known.platforms else ()
    return _first(
        rows.find(kinds, wanted)
        for kinds, wanted in (
            *((((FULL,), name)) for name in names),
            (own, known.student),
            ((EMAIL, LOGIN), known.email),
            ((FULL,), known.name),
        )
    )


def _first(found: Iterable[list[int]]) -> list[int]:
    return next((rows for rows in found if rows), [])


def _called(person: Submitter) -> str:
    return plain(person.name or person.email or person.sid, SHORT)  # it is printed on a terminal
