"""What a change of facts does to dates and marks: looked at before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ..course import Course, Unit
from .extending import when
from .facts import read_facts
from .mark import Mark

Seen = Mapping[tuple[str, str], Mark]  # by unit and student


@dataclass(frozen=True)
class Effect:
    """What became of one student at one unit."""

    before: Mark
    after: Mark

    @property
    def moved(self) -> bool:
        """True where the date is another."""
        return self.before.due.moment != self.after.due.moment

    @property
    def marked(self) -> bool:
        """True where the mark is another."""
        return self.before.points != self.after.points

    def lines(self) -> Iterator[str]:
        """One line on the date, and one on the mark where it changes."""
        student = self.after.student
        old, new = when(self.before.due.moment), when(self.after.due.moment)
        yield f"{student:24} {old} -> {new}" if self.moved else f"{student:24} {old}, as before"
        if self.marked:
            yield f"{'':24} {points(self.before)} -> {points(self.after)}   ({self.after.how})"


def look(course: Course, connection: Connection, units: Sequence[Unit], students: Iterable[str]) -> Seen:
    """The marks, with their dates, of these students at these units."""
    several = list(students)
    only = several[0] if len(several) == 1 else None
    seen: dict[tuple[str, str], Mark] = {}
    for unit in units:
        facts = read_facts(connection, course, unit, only)
        seen |= {(unit.name, student): facts.mark(student) for student in several}
    return seen


def effects(before: Seen, after: Seen) -> list[Effect]:
    """Of each student at each unit."""
    return [Effect(before[key], after[key]) for key in before]


def points(mark: Mark) -> str:
    """A mark as people read it."""
    return "no mark" if mark.points is None else f"{mark.points:g} of {mark.out_of:g}"
