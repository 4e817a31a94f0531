"""The queue: entries are taken for a lease, and end in one transaction with their result."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, insert, literal, or_, select, update

from ...base.batched import batched
from ...base.text import plain
from .database import one_at_a_time
from .tables import QUEUE
from .turns import FEW, IN_TURNS, LINE, ROUND, forget_turns, give_turns, nothing_in_hand

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


def add(connection: Connection, *attempts: str) -> None:
    """Queue attempts, in the transaction of the caller; one that is queued starts afresh."""
    for few in batched(attempts, FEW):
        connection.execute(delete(QUEUE).where(QUEUE.c.attempt.in_(few)))
    forget_turns(connection, attempts)
    if attempts:
        give_turns(connection, attempts)
        connection.execute(insert(QUEUE), [{"attempt": attempt} for attempt in attempts])


def take(connection: Connection, worker: str, now: float, seconds: float, most: int) -> QueueEntry | None:
    """Take the first entry whose turn it is and that nobody holds; None where there is none.

    Turns are by student (``turns.py``), and of each one attempt is graded at a time. An entry whose worker
    fell silent is tried once more at once and then behind all others, so that neither it nor a series of
    kills holds up the line; after ``most`` times it is set aside for staff.
    """
    one_at_a_time(connection, "queue")  # else two workers take two attempts of one student
    free = select(QUEUE).select_from(IN_TURNS).where(QUEUE.c.lease < now, QUEUE.c.trouble == "")
    next_one = free.where(nothing_in_hand(now)).order_by(*LINE).limit(1)
    while True:
        row = connection.execute(next_one.with_for_update(of=QUEUE)).one_or_none()
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


def hand_back(connection: Connection, entry: QueueEntry) -> None:
    """Free an entry whose grading was stopped, as if it had not been taken."""
    held = (QUEUE.c.place == entry.place) & (QUEUE.c.worker == entry.worker)
    connection.execute(update(QUEUE).where(held).values(worker="", lease=0.0, tries=entry.tries - 1))


def set_aside(connection: Connection, entry: QueueEntry, why: str) -> None:
    """Keep an entry for staff."""
    connection.execute(
        update(QUEUE).where(QUEUE.c.place == entry.place).values(worker="", lease=0.0, trouble=plain(why))
    )


def end(connection: Connection, entry: QueueEntry) -> bool:
    """Remove a graded entry; False where another worker ended it before."""
    if connection.execute(delete(QUEUE).where(QUEUE.c.place == entry.place)).rowcount != 1:
        return False
    forget_turns(connection, [entry.attempt])
    return True


def find(connection: Connection, attempt: str) -> QueueEntry | None:
    """The entry of an attempt, or None where it is graded."""
    row = connection.execute(select(QUEUE).where(QUEUE.c.attempt == attempt)).one_or_none()
    return None if row is None else QueueEntry(**row._mapping)


def ahead(connection: Connection, entry: QueueEntry, now: float) -> int:
    """How many entries come before this one: those that are being graded, and those whose turn is earlier."""
    mine = select(ROUND).select_from(IN_TURNS).where(QUEUE.c.place == entry.place)
    turn, late = literal(connection.execute(mine).scalar() or 0), QUEUE.c.tries > 1
    sooner = or_(turn > ROUND, and_(turn == ROUND, QUEUE.c.place < entry.place))
    before = or_(~late, sooner) if entry.tries > 1 else and_(~late, sooner)
    if entry.lease < now:
        before = or_(before, and_(QUEUE.c.lease >= now, QUEUE.c.place != entry.place))
    query = select(func.count()).select_from(IN_TURNS).where(QUEUE.c.trouble == "", before)
    return int(connection.execute(query).scalar_one())


def length(connection: Connection) -> int:
    """How many entries wait or are being graded."""
    return int(connection.execute(select(func.count()).where(QUEUE.c.trouble == "")).scalar_one())


def troubled(connection: Connection) -> list[QueueEntry]:
    """What staff must look at."""
    rows = connection.execute(select(QUEUE).where(QUEUE.c.trouble != "").order_by(QUEUE.c.place))
    return [QueueEntry(**row._mapping) for row in rows]
