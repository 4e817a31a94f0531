"""How much of one person is stored; each file counts once, however often it is handed in.

The last part of the quota is for small uploads, so that whoever has filled it with outputs and data can
still hand in a notebook without them. What staff release is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from ...course import Unit
from ...marks import attempts
from ...marks.attempts import StoredFile, load_files
from ...marks.tables import ATTEMPTS
from ..service.refusals import Refused
from ..service.settings import ServiceLimits
from .desk import Desk

Files = Iterable[StoredFile]
Sizes = dict[str, int]  # bytes by digest
MIB = 2**20
NOTHING = "Nothing was stored now."


def check_quota(
    desk: Desk,
    connection: Connection,
    unit: Unit,
    student: str,
    files: tuple[StoredFile, ...],
    drafts: Iterable[Files],
    looked: bool,
) -> None:
    """Refuse an upload that is more than is stored of one person.

    Args:
        desk: the exchange.
        connection: to its database.
        unit: it is for.
        student: whose it is.
        files: of the upload.
        drafts: what the student has uploaded and not handed in.
        looked: the upload is one more of these.

    Raises:
        Refused: with what the student can do.
    """
    _check_count(connection, unit, student, desk.limits)
    stored, new = _sizes(_handed_in(desk, connection, student)), _sizes([files])
    _check_stored(stored, new, desk.limits)
    if looked:
        waiting = _sizes(drafts) | new
        _check_looked_at({name: size for name, size in waiting.items() if name not in stored}, desk.limits)


def _check_count(connection: Connection, unit: Unit, student: str, limits: ServiceLimits) -> None:
    if attempts.last_number(connection, unit.name, student) >= limits.attempts:
        raise Refused(
            409,
            f"You have handed in {unit.name} {limits.attempts:,} times, the most that is taken. {NOTHING} "
            "Tell the course staff if you need more.",
        )


def _check_stored(stored: Sizes, new: Sizes, limits: ServiceLimits) -> None:
    before, after = sum(stored.values()), sum((stored | new).values())
    if after > limits.stored_mib * MIB:
        raise Refused(
            413,
            f"{_mib(before)} of your files are stored; the exchange stores {limits.stored_mib:g} MiB of one "
            f"person. {NOTHING} What you handed in before is kept. Tell the course staff.",
        )
    large = sum(new.values()) > limits.small_mib * MIB
    if large and after > (limits.stored_mib - limits.last_mib) * MIB:
        raise Refused(
            413,
            f"{_mib(before)} of your files are stored, nearly all that the exchange stores of one person. It "
            f"still takes uploads of at most {limits.small_mib:g} MiB: clear the outputs of the notebook, "
            f"leave out data files, and hand it in again. {NOTHING}",
        )


def _check_looked_at(waiting: Sizes, limits: ServiceLimits) -> None:
    if sum(waiting.values()) > limits.drafts_mib * MIB:
        raise Refused(
            429,
            f"You have looked at {_mib(sum(waiting.values()))} of files and not handed them in; at most "
            f"{limits.drafts_mib:g} MiB are kept. Hand one of them in, or look again in "
            f"{limits.draft_seconds / 60:.0f} minutes, when they are forgotten.",
            retry_after=limits.draft_seconds,
        )


def _handed_in(desk: Desk, connection: Connection, student: str) -> list[tuple[StoredFile, ...]]:
    units = [unit.name for unit in desk.course.units]
    mine = select(ATTEMPTS.c.files).where(ATTEMPTS.c.unit.in_(units), ATTEMPTS.c.student == student)
    return [load_files(row.files) for row in connection.execute(mine)]


def _sizes(several: Iterable[Files]) -> Sizes:
    return {file.sha256: file.size for files in several for file in files}


def _mib(size: int) -> str:
    return f"{size / MIB:.0f} MiB"
