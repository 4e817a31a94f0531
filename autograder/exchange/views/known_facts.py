"""The facts of units that were read before, with their marks, as long as they are the same.

To read the facts of a unit and to compute a thousand marks takes some tenths of a second, and a staff page
that is open looks again every two seconds. What changes a mark counts up (``marks/standings.py``), so that
a few numbers tell whether anything has changed since.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from ...course import Course, Unit
from ...marks import UnitFacts, read_facts
from ...marks.exceptions import ALL
from ...marks.tables import ATTEMPTS, EXCEPTIONS, RELEASES, STANDINGS
from ...notebook import read_questions

MOST = 3  # units of which the facts stay in memory, those that were asked for last
State = tuple[object, ...]


@dataclass(frozen=True)
class KnownFacts:
    """The facts of a process; safe in several threads."""

    _made: OrderedDict[str, tuple[State, UnitFacts]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, course: Course, unit: Unit) -> UnitFacts:
        """The facts of a unit as the connection sees them; whoever asks for the same has the same marks."""
        state = state_of(connection, course, unit)
        with self._lock:
            known = self._made.get(unit.name)
        if known is None or known[0] != state:
            known = state, read_facts(connection, course, unit)
        with self._lock:
            self._made[unit.name] = known
            self._made.move_to_end(unit.name)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        return known[1]


def state_of(connection: Connection, course: Course, unit: Unit) -> State:
    """What is another as soon as a mark or a date of the unit may be another."""
    changes = select(func.count(), func.coalesce(func.sum(STANDINGS.c.changes), 0))
    attempts = select(func.count()).where(ATTEMPTS.c.unit == unit.name)
    last = select(func.max(RELEASES.c.id)).where(RELEASES.c.unit == unit.name)
    moved = select(func.max(EXCEPTIONS.c.id), func.count(), func.count(EXCEPTIONS.c.lifted))
    return (
        course,
        read_questions(unit.released_notebook),
        *connection.execute(changes.where(STANDINGS.c.unit == unit.name)).one(),
        connection.execute(attempts).scalar(),
        connection.execute(last).scalar(),
        *connection.execute(moved.where(EXCEPTIONS.c.unit.in_((ALL, unit.name)))).one(),
    )
