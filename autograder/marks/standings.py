"""Which students' marks may have changed since a projection was written.

A change of facts counts up in the transaction of the fact itself; a projection notes which count it has.
So a killed one goes on where it was, and to write the same twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from ..base.digest import digest_of
from ..course import Course, Unit
from ..notebook import read_questions
from .database import one_at_a_time
from .tables import ATTEMPTS, POLICIES, STANDINGS

PROJECTIONS = ("written", "projected")  # the results folder, the gradebook


@dataclass(frozen=True)
class Standing:
    """A student at a unit whose facts have changed."""

    unit: str
    student: str
    changes: int


def touch(connection: Connection, unit: str, student: str) -> None:
    """Note that a student's mark at a unit may have changed."""
    one_at_a_time(connection, "standings", unit, student)
    mine = (STANDINGS.c.unit == unit) & (STANDINGS.c.student == student)
    changed = connection.execute(
        update(STANDINGS).where(mine).values(changes=STANDINGS.c.changes + 1)
    ).rowcount
    if not changed:
        connection.execute(
            insert(STANDINGS).values(unit=unit, student=student, changes=1, written=0, projected=0)
        )


def touch_unit(connection: Connection, unit: str) -> None:
    """Note it for everybody with an attempt at a unit."""
    query = select(ATTEMPTS.c.student).where(ATTEMPTS.c.unit == unit).distinct()
    for student in sorted(connection.execute(query).scalars()):  # in one order: none waits for another
        touch(connection, unit, student)


def notice_policy(connection: Connection, course: Course, unit: Unit) -> bool:
    """Note for everybody where dates or policies of a unit are others than the last time; True then."""
    policy = (unit.due, unit.opens, course.zone, course.counts, vars(course.late))
    digest = digest_of(*map(repr, policy), repr(read_questions(unit.released_notebook)))
    known = connection.execute(select(POLICIES.c.digest).where(POLICIES.c.unit == unit.name)).scalar()
    if known == digest:
        return False
    one_at_a_time(connection, "policies")
    connection.execute(delete(POLICIES).where(POLICIES.c.unit == unit.name))
    connection.execute(insert(POLICIES).values(unit=unit.name, digest=digest))
    touch_unit(connection, unit.name)
    return True


def behind(connection: Connection, what: str, units: Iterable[str]) -> list[Standing]:
    """Whose changes a projection lacks; ``what`` is one of ``PROJECTIONS``."""
    query = select(STANDINGS.c.unit, STANDINGS.c.student, STANDINGS.c.changes)
    rows = connection.execute(
        query.where(STANDINGS.c[what] < STANDINGS.c.changes, STANDINGS.c.unit.in_(list(units)))
    )
    return [Standing(*row) for row in rows]


def settle(connection: Connection, standing: Standing, what: str) -> None:
    """Note that a projection has these changes."""
    mine = (STANDINGS.c.unit == standing.unit) & (STANDINGS.c.student == standing.student)
    connection.execute(update(STANDINGS).where(mine).values({what: standing.changes}))
