"""Attempts: accepted submissions. Each is kept; none is changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from ...course import Unit
from ..service.refusals import NO_SUCH, Refused
from . import queue
from .chosen import chosen_of
from .database import one_at_a_time
from .desk import Desk, StoredFile, dump_files, load_files, stamp
from .receipts import Receipt
from .tables import ATTEMPTS
from .uploads import File, Upload, digest_of_files, notebook_of


@dataclass(frozen=True)
class Attempt:
    """One accepted submission."""

    id: str
    unit: str
    student: str
    number: int
    received: str  # ISO 8601, UTC
    sha256: str
    size: int
    files: tuple[StoredFile, ...]
    receipt: str

    @property
    def notebook(self) -> StoredFile:
        """The file that is graded."""
        alone = next((file for file in self.files if file.alone), None)
        if alone is not None:
            return alone
        path = notebook_of((file.path for file in self.files), self.unit)
        return next(file for file in self.files if file.path == path)


def accept(desk: Desk, unit: Unit, student: str, upload: Upload) -> tuple[Attempt, bool]:
    """Store a submission and queue it, in one transaction; the flag says whether it is new.

    The same request sent again (same ``key``) gives the attempt that it made the first time.

    Raises:
        Refused: there is no notebook in it, or the disk is full; nothing was stored.
    """
    path, alone = chosen_of(upload.files, unit)
    return accept_stored(desk, unit, student, keep(desk, upload.files, path if alone else ""), upload.key)


def accept_stored(
    desk: Desk, unit: Unit, student: str, files: tuple[StoredFile, ...], key: str | None
) -> tuple[Attempt, bool]:
    """The same for files whose blobs are stored already.

    Raises:
        Refused: the disk is full; nothing was stored.
    """
    for _ in range(3):
        try:
            with desk.database.write() as connection:
                one_at_a_time(connection, "attempts", unit.name, student)
                known = _by_key(connection, unit.name, student, key)
                if known is not None:
                    return known, False
                return _insert(desk, connection, unit.name, student, files, key), True
        except IntegrityError:
            continue  # another request took the number, or was the same one
    raise Refused(503, "Too many submissions at the same moment. Try again in a few seconds.", retry_after=3)


def keep(desk: Desk, files: Iterable[File], alone: str = "") -> tuple[StoredFile, ...]:
    """Store files by digest, before any row speaks of them; ``alone`` is the path of ``StoredFile.alone``."""
    return tuple(
        StoredFile(file.path, desk.blobs.put(file.content), len(file.content), file.path == alone)
        for file in files
    )


def _insert(
    desk: Desk,
    connection: Connection,
    unit: str,
    student: str,
    files: tuple[StoredFile, ...],
    key: str | None,
) -> Attempt:
    last = connection.execute(
        select(func.max(ATTEMPTS.c.number)).where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student)
    ).scalar()
    number, name, received = (last or 0) + 1, uuid.uuid4().hex, stamp(desk.now())
    digests = {file.path: file.sha256 for file in files}
    sha256, size = digest_of_files(digests), sum(file.size for file in files)
    receipt = desk.signer.sign(
        Receipt(desk.course.name, unit, student, name, number, received, sha256, size, digests)
    )
    attempt = Attempt(name, unit, student, number, received, sha256, size, files, receipt)
    values = {**vars(attempt), "files": dump_files(files), "key": key}
    connection.execute(insert(ATTEMPTS).values(values))
    queue.add(connection, name)
    return attempt


def find(connection: Connection, name: str) -> Attempt:
    """The attempt of that id.

    Raises:
        Refused: there is none.
    """
    row = connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.id == name)).one_or_none()
    if row is None:
        raise Refused(404, NO_SUCH)
    return _attempt(row)


def of_student(connection: Connection, unit: str, student: str) -> list[Attempt]:
    """All attempts of a student at a unit, oldest first."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student)
    return [_attempt(row) for row in connection.execute(query.order_by(ATTEMPTS.c.number))]


def of_unit(connection: Connection, unit: str) -> list[Attempt]:
    """All attempts at a unit, by student and number."""
    query = select(ATTEMPTS).where(ATTEMPTS.c.unit == unit)
    return [
        _attempt(row) for row in connection.execute(query.order_by(ATTEMPTS.c.student, ATTEMPTS.c.number))
    ]


def _by_key(connection: Connection, unit: str, student: str, key: str | None) -> Attempt | None:
    if key is None:
        return None
    query = select(ATTEMPTS).where(
        ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student, ATTEMPTS.c.key == key
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _attempt(row)


def _attempt(row: Any) -> Attempt:
    values = {name: value for name, value in row._mapping.items() if name != "key"}
    return Attempt(**{**values, "files": load_files(values["files"])})
