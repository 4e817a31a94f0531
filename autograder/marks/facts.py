"""All facts of a unit, read in a few queries, and the marks that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Connection, func, select

from ..base.batched import batched
from ..course import Course, Unit
from ..notebook import read_questions
from ..results.result import Result
from . import attempts, by_hand, exceptions, graded, kept
from .attempts import Attempt
from .dates import Due, due_of
from .graded import Graded
from .kept import KeptResult
from .mark import Mark, mark_of
from .tables import RELEASES

FEW = 100  # whole results in memory
Kept = TypeVar("Kept")
Owned = TypeVar("Owned", Attempt, by_hand.Entry)


@dataclass(frozen=True)
class UnitFacts:
    """The facts of one unit: of all its students, or of one."""

    course: Course
    unit: Unit
    attempts: Mapping[str, Sequence[Attempt]]  # by student, oldest first
    graded: Mapping[str, Graded]  # by attempt
    entries: Mapping[str, Sequence[by_hand.Entry]]  # by student, oldest first
    exemptions: Sequence[exceptions.Exemption]
    kept: Mapping[str, Sequence[KeptResult]]  # by attempt
    released: str | None = None  # when the unit was first released

    @cached_property
    def questions(self) -> dict[str, float]:
        """Points of the written questions by name."""
        return {each.name: each.points for each in read_questions(self.unit.released_notebook)}

    @property
    def students(self) -> list[str]:
        """Everybody with an attempt."""
        return sorted(self.attempts)

    def due(self, student: str) -> Due:
        """A student's own date; all whom no exception names have the same one."""
        whose = student if student in self._exempted else exceptions.ALL
        if whose not in self._dues:
            mine = exceptions.of(self._exempted.get(whose, ()), self.unit.name, whose)
            self._dues[whose] = due_of(self.course, self.unit, mine, self.released)
        return self._dues[whose]

    @cached_property
    def _dues(self) -> dict[str, Due]:
        """By whom exceptions name; computed once, since a page asks for each student several times."""
        return {}

    @cached_property
    def _exempted(self) -> dict[str, list[exceptions.Exemption]]:
        """The exceptions of whoever has some, with those for everybody; looked through once for the class."""
        named = {each.student for each in self.exemptions}
        found: dict[str, list[exceptions.Exemption]] = {student: [] for student in named}
        for each in self.exemptions:
            for student in named if each.student == exceptions.ALL else (each.student,):
                found[student].append(each)
        return found

    def opens(self, student: str) -> datetime:
        """When what a student sees only after the due date opens: at the end of the grace period."""
        due = self.last_due if self.course.disclosure.after == "last-due" else self.due(student)
        return due.moment + timedelta(minutes=self.course.late.grace_minutes)

    @cached_property
    def last_due(self) -> Due:
        """The date of whoever has most time, among those whom an exception names."""
        named = {each.student for each in self.exemptions}
        return max((self.due(student) for student in {"", *named}), key=lambda due: due.moment)

    def mark(self, student: str) -> Mark:
        """A student's mark, computed once."""
        if student not in self._marks:
            self._marks[student] = mark_of(
                self.course,
                self.unit,
                student,
                self.attempts.get(student, ()),
                self.graded,
                self.due(student),
                self.entries.get(student, ()),
                self.kept,
                self.questions,
            )
        return self._marks[student]

    @cached_property
    def _marks(self) -> dict[str, Mark]:
        """By student, of whom somebody asked for."""
        return {}

    def marks(self) -> Iterator[Mark]:
        """The marks of everybody with an attempt, by name."""
        return map(self.mark, self.students)


def read_dates(connection: Connection, course: Course, unit: Unit) -> UnitFacts:
    """The facts of a unit without its attempts: enough for everybody's date."""
    exemptions = exceptions.of_unit(connection, unit.name)
    return UnitFacts(course, unit, {}, {}, {}, exemptions, {}, first_release(connection, unit.name))


def read_facts(connection: Connection, course: Course, unit: Unit, student: str | None = None) -> UnitFacts:
    """The facts of a unit, of one student only where one is named."""
    name = unit.name
    own = (
        attempts.of_unit(connection, name)
        if student is None
        else attempts.of_student(connection, name, student)
    )
    done = (
        graded.of_unit(connection, name) if student is None else graded.of_student(connection, name, student)
    )
    return UnitFacts(
        course,
        unit,
        _by_student(own),
        done,
        _by_student(by_hand.of_unit(connection, name, student)),
        exceptions.of_unit(connection, name),
        kept.of_unit(connection, name, student),
        first_release(connection, name),
    )


def read_facts_again(connection: Connection, before: UnitFacts, students: Collection[str]) -> UnitFacts:
    """The facts with those of some students read anew; the others keep theirs, and the marks that are known.

    Args:
        connection: to the database.
        before: what is known; of all students.
        students: of whom something has changed, but for dates.
    """
    unit = before.unit.name
    old = {each.id for student in students for each in before.attempts.get(student, ())}
    own = _by_student(attempts.of_students(connection, unit, students))
    given = _by_student(by_hand.of_students(connection, unit, students))
    fresh = replace(
        before,
        attempts=_without(before.attempts, students) | own,
        graded=_without(before.graded, old) | graded.of_students(connection, unit, students),
        entries=_without(before.entries, students) | given,
        kept=_without(before.kept, old) | kept.of_students(connection, unit, students),
    )
    fresh._dues.update(before._dues)
    fresh._marks.update(_without(before._marks, students))
    return fresh


def read_facts_of(connection: Connection, course: Course, student: str) -> dict[str, UnitFacts]:
    """The facts of one student at every unit of the course, by unit, in as many queries as for one unit."""
    names = [unit.name for unit in course.units]
    own = _by_unit(attempts.of_student_at(connection, names, student))
    entries = _by_unit(by_hand.of_student(connection, student))
    done, earlier = graded.of_student_at(connection, names, student), kept.of_student(connection, student)
    moved, released = exceptions.holding(connection), _first_releases(connection)
    return {
        unit.name: UnitFacts(
            course,
            unit,
            {student: mine} if (mine := own.get(unit.name, [])) else {},
            done,
            {student: entries.get(unit.name, [])},
            [each for each in moved if each.unit in (exceptions.ALL, unit.name)],
            earlier,
            released.get(unit.name),
        )
        for unit in course.units
    }


def counted(connection: Connection, marks: Iterable[Mark]) -> Iterator[tuple[Mark, Result]]:
    """Marks with the results of the attempts that count (``Mark.chosen``), in the order given."""
    chosen = ((each.attempt.id, mark) for mark in marks if (each := mark.chosen) is not None)
    for few in batched(chosen, FEW):
        results = graded.results_of(connection, [name for name, _ in few])
        yield from ((mark, results[name]) for name, mark in few)


def first_release(connection: Connection, unit: str) -> str | None:
    """When a unit was first released on the exchange; None where it was not."""
    return connection.execute(select(func.min(RELEASES.c.moment)).where(RELEASES.c.unit == unit)).scalar()


def _first_releases(connection: Connection) -> dict[str, str]:
    query = select(RELEASES.c.unit, func.min(RELEASES.c.moment)).group_by(RELEASES.c.unit)
    return {row[0]: row[1] for row in connection.execute(query)}


def _without(known: Mapping[str, Kept], names: Collection[str]) -> dict[str, Kept]:
    return {name: each for name, each in known.items() if name not in names}


def _by_unit(items: Iterable[Owned]) -> dict[str, list[Owned]]:
    found: dict[str, list[Owned]] = {}
    for item in items:
        found.setdefault(item.unit, []).append(item)
    return found


def _by_student(items: Iterable[Owned]) -> dict[str, list[Owned]]:
    found: dict[str, list[Owned]] = {}
    for item in items:
        found.setdefault(item.student, []).append(item)
    return found
