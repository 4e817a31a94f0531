"""Writes each student's counting result where the rest of the course looks for it.

First the result file, at once; then nbgrader's gradebook, in batches, since that costs
seconds and locks. What is still to be written is marked in the database (``STANDINGS``),
so a killed publisher goes on where it was; to write the same twice changes nothing.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from ...base.errors import CourseError
from ...base.files import turn
from ...course import Unit
from ...results.result import Result
from ...results.store import write_result
from ..service.settings import folder
from ..store import attempts, graded
from ..store.desk import Desk
from ..store.tables import STANDINGS
from ..views.counting import counting

LOG = logging.getLogger("course.exchange.publisher")
BATCH_SECONDS = 10.0
AFTER_TROUBLE = 60.0


@dataclass(frozen=True)
class Standing:
    """A student at a unit whose results have changed."""

    unit: str
    student: str
    changes: int


def publish(desk: Desk, parent: int | None = None, batch_seconds: float = BATCH_SECONDS) -> None:
    """Write until the parent is gone; one process at a time does so."""
    with only_one(desk):
        projected = time.monotonic() - batch_seconds
        while parent in (None, os.getppid()):
            write_results(desk)
            if time.monotonic() - projected >= batch_seconds:
                sound = project_all(desk)
                projected = time.monotonic() + (0.0 if sound else AFTER_TROUBLE)
            time.sleep(0.5)


def only_one(desk: Desk) -> AbstractContextManager[None]:
    """Wait until no other publisher runs on this course."""
    return turn(folder(desk.course) / "publishing")


def write_results(desk: Desk) -> int:
    """Write the result files that are behind; returns how many standings were settled."""
    behind = _behind(desk, "written")
    for standing in behind:
        found = counting_result(desk, standing)
        try:
            if found is not None:
                write_result(desk.course, found[1])
        except OSError as error:
            LOG.error("result of %s for %s: %s", standing.student, standing.unit, error)
            continue
        _settle(desk, standing, "written")
    return len(behind)


def project_all(desk: Desk) -> bool:
    """Bring the gradebook up to date; False where it could not be written."""
    behind = _behind(desk, "projected")
    sound = True
    for unit in {standing.unit for standing in behind}:
        sound &= _project(desk, desk.course.unit(unit), [s for s in behind if s.unit == unit])
    return sound


def _project(desk: Desk, unit: Unit, behind: list[Standing]) -> bool:
    from ...gradebook import project

    found = [counting_result(desk, standing) for standing in behind]
    pairs = [(result, desk.blobs.path(attempt.notebook.sha256)) for attempt, result in filter(None, found)]
    try:
        summary = project(desk.course, unit, pairs)
    except (CourseError, OSError, SQLAlchemyError) as error:
        LOG.error("the gradebook could not be written, the results are stored: %s", error)
        return False
    for refusal in summary.refused:
        LOG.warning("gradebook: %s", refusal)
    for standing in behind:
        _settle(desk, standing, "projected")
    return True


def counting_result(desk: Desk, standing: Standing) -> tuple[attempts.Attempt, Result] | None:
    """The attempt that counts and its result; the last BROKEN one where there is no other."""
    unit = desk.course.unit(standing.unit)
    with desk.database.read() as connection:
        own = attempts.of_student(connection, unit.name, standing.student)
        done = graded.of_attempts(connection, own)
        chosen = counting(desk.course, unit, own, done)
        if chosen is None:
            chosen = next((attempt for attempt in reversed(own) if attempt.id in done), None)
        result = None if chosen is None else graded.result_of(connection, chosen.id)
    return None if chosen is None or result is None else (chosen, result)


def _behind(desk: Desk, what: str) -> list[Standing]:
    query = select(STANDINGS.c.unit, STANDINGS.c.student, STANDINGS.c.changes)
    known = [unit.name for unit in desk.course.units]
    with desk.database.read() as connection:
        rows = connection.execute(
            query.where(STANDINGS.c[what] < STANDINGS.c.changes, STANDINGS.c.unit.in_(known))
        )
        return [Standing(*row) for row in rows]


def _settle(desk: Desk, standing: Standing, what: str) -> None:
    mine = (STANDINGS.c.unit == standing.unit) & (STANDINGS.c.student == standing.student)
    with desk.database.write() as connection:
        connection.execute(update(STANDINGS).where(mine).values({what: standing.changes}))
