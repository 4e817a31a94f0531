"""Uploads that are no attempt yet: looked at, or on their way to be one. They expire.

Whatever an upload brings is first named by a row of drafts, then stored by its digest. Handing in takes the
row away in the transaction that makes the attempt. So no file lies on the disk that no row speaks of, and
what an expired draft speaks of can be looked for and, where nothing else needs it, thrown away.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select

from ...course import Unit
from ...marks.attempts import StoredFile, dump_files, load_files
from ..service.refusals import Refused, full_disk_is_said
from .database import one_at_a_time
from .desk import Desk
from .quota import check_quota
from .tables import DRAFTS
from .uploads import File

TOO_LATE = (
    "It is too long ago that you uploaded this file, or it was handed in meanwhile. Look at your attempts, "
    "and upload it again where it is not there."
)


@dataclass(frozen=True)
class Draft:
    """One upload."""

    id: str
    student: str
    unit: str
    files: tuple[StoredFile, ...]
    moment: float  # seconds since 1970


def keep_draft(
    desk: Desk, unit: Unit, student: str, files: Iterable[File], alone: str = "", looked: bool = False
) -> Draft:
    """Store an upload that may become an attempt.

    Args:
        desk: the exchange.
        unit: it is for.
        student: whose it is.
        files: of it.
        alone: path of the notebook that is ``StoredFile.alone``.
        looked: it is kept until its student hands it in, and not handed in at once.

    Raises:
        Refused: the student has stored as much as may be, or the disk is full.
    """
    given = tuple(files)
    stored = tuple(_named(file, alone) for file in given)
    draft = Draft(secrets.token_hex(16), student, unit.name, stored, desk.seconds())
    with desk.database.write() as connection:
        one_at_a_time(connection, "drafts", student)
        check_quota(desk, connection, unit, student, stored, _others(desk, connection, student), looked)
        values = {**vars(draft), "files": dump_files(stored)}
        connection.execute(insert(DRAFTS).values(values))
    with full_disk_is_said():
        for file in given:
            desk.blobs.put(file.content)
    return draft


def find_draft(connection: Connection, name: str) -> Draft | None:
    """The draft of that id; None where it has expired, or was handed in."""
    row = connection.execute(select(DRAFTS).where(DRAFTS.c.id == name)).one_or_none()
    return None if row is None else _draft(row)


def take_draft(connection: Connection, name: str) -> None:
    """Take a draft away, in the transaction that makes an attempt of it.

    Raises:
        Refused: it has expired, or was handed in.
    """
    if connection.execute(delete(DRAFTS).where(DRAFTS.c.id == name)).rowcount != 1:
        raise Refused(422, TOO_LATE)


def all_drafts(connection: Connection) -> list[Draft]:
    """Those of everybody, oldest first."""
    return [_draft(row) for row in connection.execute(select(DRAFTS).order_by(DRAFTS.c.moment))]


def forget_drafts(connection: Connection, names: Iterable[str]) -> None:
    """Take drafts away that have expired."""
    for name in names:
        connection.execute(delete(DRAFTS).where(DRAFTS.c.id == name))


def _others(desk: Desk, connection: Connection, student: str) -> list[tuple[StoredFile, ...]]:
    rows = connection.execute(select(DRAFTS.c.files).where(DRAFTS.c.student == student))
    return [load_files(row.files) for row in rows]


def _named(file: File, alone: str) -> StoredFile:
    sha256 = hashlib.sha256(file.content).hexdigest()
    return StoredFile(file.path, sha256, len(file.content), file.path == alone)


def _draft(row: object) -> Draft:
    found = Draft(**row._mapping)  # type: ignore[attr-defined]
    return replace(found, files=load_files(found.files))  # type: ignore[arg-type]
