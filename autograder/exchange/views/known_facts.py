"""The facts of units that were read before, with their marks, as long as they are the same.

To read the facts of a unit and to compute a thousand marks takes some tenths of a second, and a staff page
that is open looks again every two seconds. What changes a mark counts up (``marks/standings.py``), so that
a few numbers tell whether anything has changed since, and the counts of students of whom it has.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from ...course import Course, Unit
from ...marks import UnitFacts, read_facts, read_facts_again
from ...marks.exceptions import ALL
from ...marks.tables import ATTEMPTS, EXCEPTIONS, RELEASES, STANDINGS
from ...notebook import read_questions

MOST = 3  # units of which the facts stay in memory, those that were asked for last
SOME = 50  # students whose facts are read anew while the others' stay
State = tuple[object, ...]
Counts = Mapping[str, tuple[int, int]]  # by student: changes, and attempts


@dataclass(frozen=True)
class _Known:
    """What was read of one unit."""

    state: State
    counts: Counts
    facts: UnitFacts


@dataclass(frozen=True)
class KnownFacts:
    """The facts of a process; safe in several threads."""

    _made: OrderedDict[str, _Known] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, course: Course, unit: Unit) -> UnitFacts:
        """The facts of a unit as the connection sees them; whoever asks for the same has the same marks."""
        state = state_of(connection, course, unit)
        with self._lock:
            known = self._made.get(unit.name)
        if known is None or known.state != state:
            known = _read(connection, course, unit, state, known)
        with self._lock:
            self._made[unit.name] = known
            self._made.move_to_end(unit.name)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        return known.facts


def state_of(connection: Connection, course: Course, unit: Unit) -> State:
    """What is another as soon as a mark or a date may be another; first what concerns everybody."""
    changes = select(func.count(), func.coalesce(func.sum(STANDINGS.c.changes), 0))
    attempts = select(func.count()).where(ATTEMPTS.c.unit == unit.name)
    last = select(func.max(RELEASES.c.id)).where(RELEASES.c.unit == unit.name)
    moved = select(func.max(EXCEPTIONS.c.id), func.count(), func.count(EXCEPTIONS.c.lifted))
    everybody = (
        course,
        read_questions(unit.released_notebook),
        connection.execute(last).scalar(),
        *connection.execute(moved.where(EXCEPTIONS.c.unit.in_((ALL, unit.name)))).one(),
    )
    counted = connection.execute(changes.where(STANDINGS.c.unit == unit.name)).one()
    return everybody, tuple(counted), connection.execute(attempts).scalar()


def _read(connection: Connection, course: Course, unit: Unit, state: State, before: _Known | None) -> _Known:
    """Read what has changed; all of it where that concerns everybody, or many."""
    counts = _counts(connection, unit.name)
    if before is not None and before.state[0] == state[0]:
        both = counts.keys() | before.counts.keys()
        changed = {student for student in both if counts.get(student) != before.counts.get(student)}
        if len(changed) <= SOME:
            return _Known(state, counts, read_facts_again(connection, before.facts, changed))
    return _Known(state, counts, read_facts(connection, course, unit))


def _counts(connection: Connection, unit: str) -> Counts:
    changes = select(STANDINGS.c.student, STANDINGS.c.changes).where(STANDINGS.c.unit == unit)
    attempts = select(ATTEMPTS.c.student, func.count()).where(ATTEMPTS.c.unit == unit)
    changed = {row[0]: row[1] for row in connection.execute(changes)}
    handed_in = {row[0]: row[1] for row in connection.execute(attempts.group_by(ATTEMPTS.c.student))}
    both = changed.keys() | handed_in.keys()
    return {student: (changed.get(student, 0), handed_in.get(student, 0)) for student in both}
