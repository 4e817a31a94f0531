"""Piles that were made before, as long as the facts that they follow from are the same.

To find which attempt of each student counts takes some tenths of a second for a thousand students, and each
page of marking asks. What changes a mark counts up (``marks/standings.py``), so that one number tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from ...course import Course, Unit
from ...marks import read_facts
from ...marks.tables import RELEASES, STANDINGS
from ...notebook import Question, read_questions
from .pile import Pile, pile_of

State = tuple[object, ...]


@dataclass(frozen=True)
class KnownPiles:
    """The piles of a process; those of a unit are made together, and anew when something has changed."""

    _made: dict[str, tuple[State, dict[str, Pile]]] = field(default_factory=dict)

    def of(self, connection: Connection, course: Course, unit: Unit, question: Question) -> Pile:
        """The answers to a written question of a unit."""
        return self.of_unit(connection, course, unit)[question.name]

    def of_unit(self, connection: Connection, course: Course, unit: Unit) -> dict[str, Pile]:
        """The same for all its written questions, by name and in the notebook's order."""
        asked = read_questions(unit.released_notebook)
        if not asked:
            return {}
        state = (course, asked, *_counts(connection, unit.name))
        known = self._made.get(unit.name)
        if known is None or known[0] != state:
            facts = read_facts(connection, course, unit)
            marks = list(facts.marks())
            known = state, {each.name: pile_of(facts, each, marks) for each in asked}
            self._made[unit.name] = known
        return known[1]


def _counts(connection: Connection, unit: str) -> tuple[int, int, int]:
    """Numbers that are others as soon as a mark of the unit may be another."""
    changes = select(func.count(), func.coalesce(func.sum(STANDINGS.c.changes), 0))
    students, changed = connection.execute(changes.where(STANDINGS.c.unit == unit)).one()
    last = select(func.max(RELEASES.c.id)).where(RELEASES.c.unit == unit)
    return int(students), int(changed), connection.execute(last).scalar() or 0
