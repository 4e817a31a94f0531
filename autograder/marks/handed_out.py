"""Comments that students may read: those that were there when the staff last handed out.

Points by hand count, and are shown, as soon as they are given. Comments of one unit come together, so that
nobody reads his while others are still being marked. One that is taken back is gone at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from . import by_hand
from .by_hand import COMMENT, Entry
from .exceptions import Deed
from .mark import AttemptMark
from .tables import BY_HAND, HANDED_OUT


def hand_out(connection: Connection, unit: str, deed: Deed) -> None:
    """Let students read all comments that are there now."""
    last = connection.execute(select(func.max(BY_HAND.c.id)).where(BY_HAND.c.unit == unit)).scalar() or 0
    connection.execute(insert(HANDED_OUT).values(unit=unit, last=last, who=deed.who, moment=deed.moment))


def last_of(connection: Connection, unit: str) -> int:
    """The id of the last entry that was there when a unit was handed out; 0 where it never was."""
    query = select(func.max(HANDED_OUT.c.last)).where(HANDED_OUT.c.unit == unit)
    return connection.execute(query).scalar() or 0


def times(connection: Connection) -> dict[str, list[tuple[int, str]]]:
    """By unit each handing out, oldest first: the last entry that was there, and when."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in connection.execute(select(HANDED_OUT).order_by(HANDED_OUT.c.id)):
        found.setdefault(row.unit, []).append((row.last, row.moment))
    return found


def not_yet(connection: Connection) -> dict[str, int]:
    """By unit: how many comments were written since it was handed out; only where there are some."""
    out = select(HANDED_OUT.c.unit, func.max(HANDED_OUT.c.last).label("last")).group_by(HANDED_OUT.c.unit)
    handed = out.subquery()
    query = (
        select(BY_HAND.c.unit, func.count().label("written"))
        .outerjoin(handed, handed.c.unit == BY_HAND.c.unit)
        .where(BY_HAND.c.kind == COMMENT, BY_HAND.c.comment != "")
        .where(BY_HAND.c.id > func.coalesce(handed.c.last, 0))
        .group_by(BY_HAND.c.unit)
    )
    return {row.unit: int(row.written) for row in connection.execute(query)}


def comments(entries: Iterable[Entry], mark: AttemptMark, last: int) -> dict[str, str]:
    """What a student may read at an attempt, by task and written question.

    Args:
        entries: the student's at the unit, oldest first.
        mark: of the attempt.
        last: of ``last_of``.
    """
    answers = {} if mark.graded is None else mark.graded.answers
    old = by_hand.holding((each for each in entries if each.id <= last), mark.attempt.id, answers)
    return {
        name: each.comment
        for (name, kind), each in old.items()
        if kind == COMMENT and (name, COMMENT) in mark.entries
    }
