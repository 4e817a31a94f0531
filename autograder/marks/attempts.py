"""Attempts: accepted submissions, of the hub and from files. Each is kept; none is changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from ..notebook.several import is_notebook
from .tables import ATTEMPTS

HUB, FILES = "hub", "files"  # where an attempt came from


@dataclass(frozen=True)
class StoredFile:
    """One file of an attempt or a release."""

    path: str
    sha256: str
    size: int
    alone: bool = False  # of several notebooks the only one with work in it, which is graded

    def listed(self) -> list[Any]:
        """The fields, as JSON has them."""
        return [self.path, self.sha256, self.size, *([True] if self.alone else [])]


@dataclass(frozen=True)
class Attempt:
    """One accepted submission."""

    id: str
    unit: str
    student: str
    number: int
    received: str  # ISO 8601, UTC: when it came to us
    sha256: str
    size: int
    files: tuple[StoredFile, ...]  # none where only the result is left, of an older release
    receipt: str = ""
    origin: str = HUB
    submitted: str | None = None  # when it was handed in; None: nobody knows
    stated_late: bool = False  # its platform says that it came late, and not when

    @property
    def notebook(self) -> StoredFile | None:
        """The file that is graded; None where none is kept."""
        alone = next((file for file in self.files if file.alone), None)
        named = next((file for file in self.files if file.path == f"{self.unit}.ipynb"), None)
        only = next((file for file in self.files if is_notebook(file.path)), None)
        return alone or named or only or next(iter(self.files), None)

    @property
    def from_files(self) -> bool:
        """True where it did not come through the exchange."""
        return self.origin == FILES


def dump_files(files: Iterable[StoredFile]) -> str:
    """Stored files as JSON."""
    return json.dumps([file.listed() for file in files])


def load_files(text: str) -> tuple[StoredFile, ...]:
    """The inverse of ``dump_files``."""
    return tuple(StoredFile(*item) for item in json.loads(text))


def find(connection: Connection, name: str) -> Attempt | None:
    """The attempt of that id, or None."""
    row = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.id == name)).one_or_none()
    return None if row is None else attempt_of(row)


def of_student(connection: Connection, unit: str, student: str) -> list[Attempt]:
    """All attempts of a student at a unit, oldest first."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student)
    return [attempt_of(row) for row in connection.execute(query.order_by(ATTEMPTS.c.number))]


def of_student_at(connection: Connection, units: Sequence[str], student: str) -> list[Attempt]:
    """All attempts of a student at these units, oldest first."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit.in_(units), ATTEMPTS.c.student == student)
    return [attempt_of(row) for row in connection.execute(query.order_by(ATTEMPTS.c.number))]


def of_unit(connection: Connection, unit: str) -> list[Attempt]:
    """All attempts at a unit, by student and number."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit == unit)
    return [
        attempt_of(row) for row in connection.execute(query.order_by(ATTEMPTS.c.student, ATTEMPTS.c.number))
    ]


def of_students(connection: Connection, unit: str, students: Collection[str]) -> list[Attempt]:
    """The same of some students."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student.in_(students))
    return [attempt_of(row) for row in connection.execute(query.order_by(ATTEMPTS.c.number))]


def last_number(connection: Connection, unit: str, student: str) -> int:
    """The number of a student's last attempt; 0 where there is none."""
    query = select(func.max(ATTEMPTS.c.number)).where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student)
    return connection.execute(query).scalar() or 0


def values_of(attempt: Attempt, key: str | None = None) -> dict[str, Any]:
    """The row of an attempt."""
    return {**vars(attempt), "files": dump_files(attempt.files), "key": key}


def attempt_of(row: Any) -> Attempt:
    """The attempt of a row, which has all columns of ``ATTEMPTS``."""
    return Attempt(
        *(row.id, row.unit, row.student, row.number, row.received, row.sha256, row.size),
        *(load_files(row.files), row.receipt, row.origin, row.submitted, row.stated_late),
    )
