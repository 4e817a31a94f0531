"""Who has which written answer before them, so that two people do not mark the same one.

It is a courtesy and no lock: it ends by itself, and whoever saves is checked by what stands there
(``giving.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from .database import one_at_a_time
from .tables import IN_HAND

SECONDS = 120.0  # that an answer is somebody's, unless the page says again that they are there


def take(connection: Connection, name: str, wanted: Iterable[str], who: str, now: float) -> str | None:
    """Take the first answer that nobody else has, and let go of the others at this question.

    Args:
        connection: a transaction that may write.
        name: of the written question.
        wanted: attempts, in order.
        who: takes it.
        now: seconds since 1970.

    Returns:
        the attempt, or None where others have all of them.
    """
    one_at_a_time(connection, "in hand", name)
    others = {attempt for attempt, holder in _held(connection, name, now).items() if holder != who}
    free = next((attempt for attempt in wanted if attempt not in others), None)
    let_go(connection, name, who)
    if free is not None:
        over = (IN_HAND.c.attempt == free) & (IN_HAND.c.name == name)
        connection.execute(delete(IN_HAND).where(over))
        connection.execute(insert(IN_HAND).values(attempt=free, name=name, who=who, until=now + SECONDS))
    return free


def let_go(connection: Connection, name: str, who: str) -> None:
    """Have no answer to a question any more."""
    connection.execute(delete(IN_HAND).where(IN_HAND.c.name == name, IN_HAND.c.who == who))


def held(connection: Connection, now: float, name: str | None = None) -> dict[tuple[str, str], str]:
    """Who has what: by attempt and question."""
    query = select(IN_HAND).where(IN_HAND.c.until >= now)
    if name is not None:
        query = query.where(IN_HAND.c.name == name)
    return {(row.attempt, row.name): row.who for row in connection.execute(query)}


def _held(connection: Connection, name: str, now: float) -> dict[str, str]:
    return {attempt: who for (attempt, _), who in held(connection, now, name).items()}
