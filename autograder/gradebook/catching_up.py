"""Brings what is written from the facts up to date: result files at once, nbgrader's gradebook in batches.

Which students' marks may have changed stands in the database (``marks/standings.py``), so that a killed
process leaves its work to the next one, and to write the same twice changes nothing. Dates and policies of
``course_config.py`` that are others than the last time concern everybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..base.batched import batched
from ..base.errors import CourseError
from ..base.leftovers import clear_leftovers
from ..course import Course, Unit
from ..marks.database import Database
from ..marks.standings import Standing, behind, notice_policy, settle
from ..results.store import write_result
from .counted import read_counted
from .database import gradebook_exists
from .folders import Folders
from .projection import lacking, project

AT_ONCE = 200  # students whose whole results are in memory


def clear_unfinished(course: Course, units: Iterable[Unit] | None = None) -> None:
    """Remove what killed processes had begun to write: result files, and files for formgrader."""
    for unit in course.units if units is None else units:
        clear_leftovers(course.results(unit.name))
        for place in Folders(course).root.glob(f"*/*/{unit.name}"):
            clear_leftovers(place)


def notice_policies(course: Course, database: Database) -> None:
    """Note for everybody concerned where dates or policies have changed."""
    with database.write() as connection:
        for unit in course.units:
            notice_policy(connection, course, unit)


def write_results(course: Course, database: Database, units: Iterable[Unit] | None = None) -> list[str]:
    """Write the result files that are behind; returns a sentence for each that could not be written."""
    failed = []
    for unit in course.units if units is None else units:
        late = _behind(database, "written", unit)
        for few in batched(late, AT_ONCE):
            written = []
            with database.read() as connection:
                counted = read_counted(connection, course, unit, few)
            for student in few:
                try:
                    if student in counted:
                        write_result(course, counted[student].result)
                    written.append(late[student])
                except OSError as error:
                    failed.append(f"result of {student} for {unit.name}: {error}")
            with database.write() as connection:
                for standing in written:
                    settle(connection, standing, "written")
    return failed


def project_behind(
    course: Course, database: Database, units: Iterable[Unit] | None = None, everybody: bool = True
) -> list[str]:
    """Bring the gradebook up to date; returns what it refused, one sentence each.

    Up to date is what says what the facts say: also where the facts have not changed, and somebody wrote
    into the gradebook (it is taken in), or it was lost (it is written anew). To find that out, all rows of
    a unit are read, which takes some 0.1 s for 300 students; ``everybody=False`` looks only at those whose
    facts have changed, for who comes again soon.

    Raises:
        CourseError, OSError, SQLAlchemyError: it cannot be written; it is still behind, and no fact is lost.
    """
    refused: list[str] = []
    for unit in course.units if units is None else units:
        late = _behind(database, "projected", unit)
        strange = lacking(course, database, unit) if everybody else set()
        for few in batched(sorted(late.keys() | strange), AT_ONCE):
            refused += project(course, database, unit, few).refused
        with database.write() as connection:
            for standing in late.values():
                settle(connection, standing, "projected")
    return refused


def catch_up(course: Course, database: Database, units: Iterable[Unit] | None = None) -> list[str]:
    """Both; returns what was refused, one sentence each.

    Raises:
        CourseError: the results are written, and the gradebook could not be.
    """
    chosen = list(course.units if units is None else units)
    notice_policies(course, database)
    failed = write_results(course, database, chosen)
    refused = project_behind(course, database, chosen)
    return failed + refused + write_results(course, database, chosen)  # after what was taken in


def catch_up_before_showing(
    course: Course, database: Database, units: Iterable[Unit] | None = None
) -> list[str]:
    """The same where there is a gradebook: what others wrote into it belongs to the marks that are shown.

    Returns what was refused, or why the gradebook could not be read, one sentence each.
    """
    try:
        return catch_up(course, database, units) if gradebook_exists(course) else []
    except CourseError as error:
        return [f"{error} Marks are shown without what was written into it since it was last read."]


def _behind(database: Database, what: str, unit: Unit) -> dict[str, Standing]:
    with database.read() as connection:
        return {standing.student: standing for standing in behind(connection, what, [unit.name])}
