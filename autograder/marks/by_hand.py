"""What a person gave: points, extra credit or a comment.

On a task it belongs to the attempt. On a written answer it belongs to the answer's text, so that the same
text keeps it in a later attempt and a changed one waits for a person. The last entry holds; one without
points or text takes back what was said before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from .exceptions import Deed
from .standings import touch
from .tables import BY_HAND

POINTS = "points"  # in place of what the checks gave
EXTRA = "extra"  # in place of the bonus
COMMENT = "comment"
KINDS = (POINTS, EXTRA, COMMENT)


@dataclass(frozen=True)
class Entry:
    """One thing that a person gave."""

    unit: str
    student: str
    attempt: str
    name: str  # of the task or the written question
    kind: str
    points: float | None = None  # None: taken back
    comment: str = ""
    answer: str = ""  # digest of the written answer; "" for a task
    automatic: float | None = None  # what the checks gave at that moment
    who: str = ""
    moment: str = ""
    why: str = ""
    id: int = 0

    def meets(self, attempt: str, answers: dict[str, str] | Any) -> bool:
        """Whether it belongs to an attempt with these written answers."""
        if self.answer:
            return bool(answers.get(self.name) == self.answer)
        return self.attempt == attempt


def add(connection: Connection, entry: Entry, deed: Deed) -> int:
    """Note what a person gave; the entry's id.

    Raises:
        ValueError: the points are no finite number.
    """
    if entry.kind not in KINDS or (entry.points is not None and not abs(entry.points) < 1e6):
        raise ValueError(f"{entry.kind} of {entry.points!r} cannot be given by hand")
    values = {name: value for name, value in vars(entry).items() if name != "id"}
    values |= {"who": deed.who, "moment": deed.moment, "why": deed.why}
    made = connection.execute(insert(BY_HAND).values(values)).inserted_primary_key
    touch(connection, entry.unit, entry.student)
    return 0 if made is None else int(made[0])


def of_unit(connection: Connection, unit: str, student: str | None = None) -> list[Entry]:
    """All entries at a unit, oldest first."""
    query = select(BY_HAND).where(BY_HAND.c.unit == unit)
    if student is not None:
        query = query.where(BY_HAND.c.student == student)
    return [Entry(**row._mapping) for row in connection.execute(query.order_by(BY_HAND.c.id))]


def of_students(connection: Connection, unit: str, students: Collection[str]) -> list[Entry]:
    """The same of some students."""
    query = select(BY_HAND).where(BY_HAND.c.unit == unit, BY_HAND.c.student.in_(students))
    return [Entry(**row._mapping) for row in connection.execute(query.order_by(BY_HAND.c.id))]


def of_student(connection: Connection, student: str) -> list[Entry]:
    """All entries of a student at all units, oldest first."""
    query = select(BY_HAND).where(BY_HAND.c.student == student)
    return [Entry(**row._mapping) for row in connection.execute(query.order_by(BY_HAND.c.id))]


def holding(entries: Iterable[Entry], attempt: str, answers: Any) -> dict[tuple[str, str], Entry]:
    """The entries of an attempt that hold, by name and kind."""
    last = {(each.name, each.kind): each for each in entries if each.meets(attempt, answers)}
    return {
        key: each
        for key, each in last.items()
        if (each.comment if each.kind == COMMENT else each.points is not None)
    }
