"""What is to be shown of a student: the mark, and the result of the attempt that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..course import Course, Unit
from ..marks import Mark, UnitFacts, counted, read_facts
from ..marks.attempts import Attempt
from ..marks.tables import ATTEMPTS
from ..results.result import Result
from ..results.store import safe_name

FEW = 10  # students, for whom it is quicker to ask one by one than for the whole unit


@dataclass(frozen=True)
class Counted:
    """What is to be shown of one student."""

    mark: Mark
    attempt: Attempt
    result: Result  # BROKEN where no attempt has a score


def read_counted(
    connection: Connection, course: Course, unit: Unit, students: Iterable[str]
) -> dict[str, Counted]:
    """The mark of each student, with the attempt that counts, or the last BROKEN one where none does.

    Students of whom nothing was graded are left out.
    """
    marks = (facts.mark(student) for student, facts in facts_of(connection, course, unit, students).items())
    return {
        mark.student: Counted(mark, chosen.attempt, result)
        for mark, result in counted(connection, marks)
        if (chosen := mark.chosen) is not None
    }


def facts_of(
    connection: Connection, course: Course, unit: Unit, students: Iterable[str]
) -> dict[str, UnitFacts]:
    """The facts of each student."""
    names = list(students)
    if len(names) > FEW:
        return dict.fromkeys(names, read_facts(connection, course, unit))
    return {name: read_facts(connection, course, unit, name) for name in names}


def student_of(connection: Connection, unit: str, name: str) -> str | None:
    """The student whose name at a unit nbgrader knows as ``name``; None where there is no attempt."""
    query = select(ATTEMPTS.c.student).where(ATTEMPTS.c.unit == unit).distinct()
    return next((found for found in connection.scalars(query) if safe_name(found) == name), None)


def mark_of_row(connection: Connection, course: Course, unit: Unit, name: str) -> Mark | None:
    """The mark of the student whom nbgrader knows as ``name`` at a unit; None where there is no attempt."""
    student = student_of(connection, unit.name, name)
    return None if student is None else read_facts(connection, course, unit, student).mark(student)
