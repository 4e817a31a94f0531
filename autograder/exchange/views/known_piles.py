"""Piles that were made before, as long as their facts are the same (``known_facts.py``)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from ...course import Course, Unit
from ...notebook import Question, read_questions
from .known_facts import KnownFacts, State, state_of
from .pile import Pile, pile_of


@dataclass(frozen=True)
class KnownPiles:
    """The piles of a process; those of a unit are made together, and anew when something has changed."""

    facts: KnownFacts
    _made: dict[str, tuple[State, dict[str, Pile]]] = field(default_factory=dict)

    def of(self, connection: Connection, course: Course, unit: Unit, question: Question) -> Pile:
        """The answers to a written question of a unit."""
        return self.of_unit(connection, course, unit)[question.name]

    def of_unit(self, connection: Connection, course: Course, unit: Unit) -> dict[str, Pile]:
        """The same for all its written questions, by name and in the notebook's order."""
        asked = read_questions(unit.released_notebook)
        if not asked:
            return {}
        state = state_of(connection, course, unit)
        known = self._made.get(unit.name)
        if known is None or known[0] != state:
            facts = self.facts.of(connection, course, unit)
            marks = list(facts.marks())
            known = state, {each.name: pile_of(facts, each, marks) for each in asked}
            self._made[unit.name] = known
        return known[1]
