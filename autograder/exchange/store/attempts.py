"""Attempts that come through the exchange: taken in and queued in one step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ...course import Unit
from ...marks import attempts as facts
from ...marks.attempts import Attempt, StoredFile, attempt_of
from ...marks.tables import ATTEMPTS
from ..service.refusals import NO_SUCH, Refused, full_disk_is_said
from . import queue
from .chosen import chosen_of
from .database import one_at_a_time
from .desk import Desk, stamp
from .drafts import Draft, keep_draft, take_draft
from .receipts import Receipt
from .uploads import File, Upload, digest_of_files


def accept(desk: Desk, unit: Unit, student: str, upload: Upload) -> tuple[Attempt, bool]:
    """Store a submission and queue it, in one transaction; the flag says whether it is new.

    The same request sent again (same ``key``) gives the attempt that it made the first time.

    Raises:
        Refused: there is no notebook in it, or the disk is full; nothing was stored.
    """
    path, alone = chosen_of(upload.files, unit)
    draft = keep_draft(desk, unit, student, upload.files, path if alone else "")
    return accept_draft(desk, unit, draft, upload.key)


def accept_draft(desk: Desk, unit: Unit, draft: Draft, key: str | None) -> tuple[Attempt, bool]:
    """The same for an upload whose files are stored already.

    Raises:
        Refused: the disk is full, or the draft has expired; nothing was handed in.
    """
    for _ in range(3):
        try:
            with desk.database.write() as connection:
                one_at_a_time(connection, "attempts", unit.name, draft.student)
                known = by_key(connection, unit.name, draft.student, key)
                if known is not None:
                    return known, False
                take_draft(connection, draft.id)
                return _insert(desk, connection, draft, key), True
        except IntegrityError:
            continue  # another request took the number, or was the same one
    raise Refused(503, "Too many submissions at the same moment. Try again in a few seconds.", retry_after=3)


def keep(desk: Desk, files: Iterable[File]) -> tuple[StoredFile, ...]:
    """Store what staff release by digest, before any row speaks of it.

    Raises:
        Refused: the disk is full.
    """
    with full_disk_is_said():
        return tuple(StoredFile(file.path, desk.blobs.put(file.content), len(file.content)) for file in files)


def _insert(desk: Desk, connection: Connection, draft: Draft, key: str | None) -> Attempt:
    unit, student, files = draft.unit, draft.student, draft.files
    for file in files:
        desk.blobs.pin(file.sha256)
    number = facts.last_number(connection, unit, student) + 1
    name, received = uuid.uuid4().hex, stamp(desk.now())
    digests = {file.path: file.sha256 for file in files}
    sha256, size = digest_of_files(digests), sum(file.size for file in files)
    receipt = desk.signer.sign(
        Receipt(desk.course.name, unit, student, name, number, received, sha256, size, digests)
    )
    attempt = Attempt(name, unit, student, number, received, sha256, size, files, receipt, submitted=received)
    connection.execute(insert(ATTEMPTS).values(facts.values_of(attempt, key)))
    queue.add(connection, name)
    return attempt


def find(connection: Connection, name: str) -> Attempt:
    """The attempt of that id.

    Raises:
        Refused: there is none.
    """
    found = facts.find(connection, name)
    if found is None:
        raise Refused(404, NO_SUCH)
    return found


def by_key(connection: Connection, unit: str, student: str, key: str | None) -> Attempt | None:
    """The attempt that a request with this key has made, or None."""
    if key is None:
        return None
    query = select(ATTEMPTS).where(
        ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student, ATTEMPTS.c.key == key
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else attempt_of(row)
