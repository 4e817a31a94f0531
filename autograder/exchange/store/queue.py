"""The queue: entries are taken for a lease, and end in one transaction with their result."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from ...base.text import plain
from .tables import QUEUE

LINE = (QUEUE.c.tries > 1, QUEUE.c.place)  # who is first: see `take`
TOO_OFTEN = "Grading ended without an answer {tries} times. Look at the file, then queue it again."


@dataclass(frozen=True)
class QueueEntry:
    """One attempt that waits, is being graded, or needs staff."""

    place: int
    attempt: str
    worker: str
    lease: float
    tries: int
    trouble: str


def add(connection: Connection, attempt: str) -> None:
    """Queue an attempt, in the transaction of the caller; one that is queued starts afresh."""
    connection.execute(delete(QUEUE).where(QUEUE.c.attempt == attempt))
    connection.execute(insert(QUEUE).values(attempt=attempt))


def take(connection: Connection, worker: str, now: float, seconds: float, most: int) -> QueueEntry | None:
    """Take the first entry that nobody holds; None where there is none.

    An entry whose worker fell silent is tried once more at once and then behind all others, so that
    neither it nor a series of kills holds up the line; after ``most`` times it is set aside for staff.
    """
    while True:
        row = connection.execute(
            select(QUEUE)
            .where(QUEUE.c.lease < now, QUEUE.c.trouble == "")
            .order_by(*LINE)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        mine = update(QUEUE).where(QUEUE.c.place == row.place)
        if row.tries < most:
            connection.execute(mine.values(worker=worker, lease=now + seconds, tries=row.tries + 1))
            return QueueEntry(row.place, row.attempt, worker, now + seconds, row.tries + 1, "")
        connection.execute(mine.values(worker="", lease=0.0, trouble=TOO_OFTEN.format(tries=most)))


def renew(connection: Connection, entry: QueueEntry, until: float) -> bool:
    """Hold an entry longer; False where it is not the worker's any more."""
    held = (QUEUE.c.place == entry.place) & (QUEUE.c.worker == entry.worker)
    return connection.execute(update(QUEUE).where(held).values(lease=until)).rowcount == 1


def give_up(connection: Connection, worker: str) -> int:
    """Free all entries of a worker that has ended; returns how many they were."""
    return connection.execute(
        update(QUEUE).where(QUEUE.c.worker == worker).values(worker="", lease=0.0)
    ).rowcount


def set_aside(connection: Connection, entry: QueueEntry, why: str) -> None:
    """Keep an entry for staff."""
    connection.execute(
        update(QUEUE).where(QUEUE.c.place == entry.place).values(worker="", lease=0.0, trouble=plain(why))
    )


def end(connection: Connection, entry: QueueEntry) -> bool:
    """Remove a graded entry; False where another worker ended it before."""
    return connection.execute(delete(QUEUE).where(QUEUE.c.place == entry.place)).rowcount == 1


def find(connection: Connection, attempt: str) -> QueueEntry | None:
    """The entry of an attempt, or None where it is graded."""
    row = connection.execute(select(QUEUE).where(QUEUE.c.attempt == attempt)).one_or_none()
    return None if row is None else QueueEntry(**row._mapping)


def ahead(connection: Connection, entry: QueueEntry) -> int:
    """How many entries come before this one."""
    late = QUEUE.c.tries > 1
    same = (late == (entry.tries > 1)) & (QUEUE.c.place < entry.place)
    first = same | ~late if entry.tries > 1 else same
    query = select(func.count()).where(first, QUEUE.c.trouble == "")
    return int(connection.execute(query).scalar_one())


def length(connection: Connection) -> int:
    """How many entries wait or are being graded."""
    return int(connection.execute(select(func.count()).where(QUEUE.c.trouble == "")).scalar_one())


def troubled(connection: Connection) -> list[QueueEntry]:
    """What staff must look at."""
    rows = connection.execute(select(QUEUE).where(QUEUE.c.trouble != "").order_by(QUEUE.c.place))
    return [QueueEntry(**row._mapping) for row in rows]
