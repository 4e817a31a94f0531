"""Rubric items: what the points of a written answer are given for, in words that are used again.

An item that is changed gets a new wording, and one that is withdrawn gets a last one; none is deleted, so
that what was ticked in an answer stays known. What counts are the points by hand (``by_hand.py``): a changed
item changes no mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from .exceptions import Deed
from .tables import BY_HAND, RUBRIC, TICKS

MOST = 9  # items of a question: one key each


@dataclass(frozen=True)
class ItemWording:
    """An item, as it was said at one time."""

    item: str
    unit: str
    name: str  # of the written question
    text: str
    points: float  # earned, or below 0: lost
    withdrawn: bool = False
    who: str = ""
    moment: str = ""
    id: int = 0


def write(connection: Connection, wording: ItemWording, deed: Deed) -> int:
    """Let an item be worded so from now on; the wording's id."""
    values = {name: value for name, value in vars(wording).items() if name != "id"}
    values |= {"who": deed.who, "moment": deed.moment}
    made = connection.execute(insert(RUBRIC).values(values)).inserted_primary_key
    return 0 if made is None else int(made[0])


def wordings(connection: Connection, unit: str, name: str) -> list[ItemWording]:
    """All that was ever said at a question, oldest first."""
    query = select(RUBRIC).where(RUBRIC.c.unit == unit, RUBRIC.c.name == name).order_by(RUBRIC.c.id)
    return [ItemWording(**row._mapping) for row in connection.execute(query)]


def holding(said: Iterable[ItemWording]) -> list[ItemWording]:
    """The items that can be ticked, as they are worded now, in the order in which they were made."""
    last: dict[str, ItemWording] = {}
    for each in said:
        last[each.item] = each
    return [each for each in last.values() if not each.withdrawn]


def tick(connection: Connection, entry: int, ticked: Iterable[ItemWording]) -> None:
    """Note for which items an entry by hand was given."""
    for each in ticked:
        connection.execute(insert(TICKS).values(entry=entry, wording=each.id))


def ticks(connection: Connection, unit: str, name: str) -> dict[int, frozenset[int]]:
    """The wordings that were ticked, by entry."""
    query = select(TICKS.c.entry, TICKS.c.wording).join(BY_HAND, BY_HAND.c.id == TICKS.c.entry)
    found: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(query.where(BY_HAND.c.unit == unit, BY_HAND.c.name == name)):
        found[row.entry].add(row.wording)
    return {entry: frozenset(own) for entry, own in found.items()}


def worth(ticked: Iterable[ItemWording], full: float) -> float | None:
    """The points that ticked items make: those earned, or all, less those lost; None where none says points.

    >>> from_full = ItemWording("a", "unit", "why", "No reason.", -1.0)
    >>> worth([from_full], 4.0), worth([from_full, ItemWording("b", "unit", "why", "The shift.", 2.0)], 4.0)
    (3.0, 1.0)
    """
    points = [each.points for each in ticked if each.points]
    if not points:
        return None
    start = 0.0 if any(each > 0 for each in points) else full
    return round(min(max(start + sum(points), 0.0), full), 6)


def words(ticked: Iterable[ItemWording]) -> str:
    """The comment that they make."""
    return "\n".join(each.text for each in ticked)
