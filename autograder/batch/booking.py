"""What follows from the facts: result files and nbgrader's gradebook, brought up to date after a batch."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.exc import SQLAlchemyError

from ..base.batched import batched
from ..base.errors import CourseError, UsageError, in_words
from ..course import Course, Unit
from ..gradebook.catching_up import clear_unfinished, notice_policies, project_behind, write_results
from ..marks import counted, read_facts
from ..marks.blobs import blobs_of
from ..marks.database import Database
from ..marks.graded import storable
from ..marks.standings import PROJECTIONS, behind, touch
from ..results.result import Result
from ..results.store import result_path

FEW = 100  # whole results in memory


def book(
    course: Course,
    database: Database,
    unit: Unit,
    gradebook: bool = True,
    again: Collection[str] = (),
) -> tuple[str, ...]:
    """Write what is behind the facts, or was lost or damaged since; a gradebook that is away costs no result.

    Args:
        course: the course.
        database: of its facts.
        unit: whose files and rows are written.
        gradebook: write nbgrader's gradebook as well.
        again: students whose files and rows are written whatever they are.

    Returns what was refused, one sentence each.

    Raises:
        UsageError: result files or the gradebook cannot be written.
    """
    clear_unfinished(course, [unit])
    blobs_of(course).clear_leftovers()
    _note_lost(course, database, unit, again)
    notice_policies(course, database)
    failed, refused = write_results(course, database, [unit]), []
    if gradebook:
        refused = _project(course, database, unit)
        failed = write_results(course, database, [unit])  # after what the gradebook may have had to tell
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise UsageError(f"what was graded is stored in the course's database, but {failed[0]}{more}")
    return tuple(refused)


def _project(course: Course, database: Database, unit: Unit) -> list[str]:
    try:
        return project_behind(course, database, [unit])
    except (CourseError, OSError, SQLAlchemyError) as error:
        where = course.results(unit.name)
        raise UsageError(
            f"the results are stored in {where}, but the gradebook could not be written: {_in_words(error)} "
            "Run the same command again once that is mended."
        ) from error


def _in_words(error: Exception) -> str:
    of_system = isinstance(error, OSError) and not isinstance(error, CourseError)
    return in_words(error) if of_system else str(error)  # type: ignore[arg-type]


def _note_lost(course: Course, database: Database, unit: Unit, again: Collection[str]) -> None:
    """Result files that are not what they should be are to be written again."""
    lost = set(again)
    with database.read() as connection:
        unsettled = {
            what: {each.student for each in behind(connection, what, [unit.name])} for what in PROJECTIONS
        }
        known = set.intersection(*unsettled.values())  # that everything is to be written for them
        marks = (each for each in read_facts(connection, course, unit).marks() if each.student not in known)
        results = (result for _, result in counted(connection, marks))
        for few in batched(results, FEW):
            lost |= {each.student for each in few if not _is_written(course, each)}
    if lost:
        with database.write() as connection:
            for student in sorted(lost):
                touch(connection, unit.name, student)


def _is_written(course: Course, result: Result) -> bool:
    path = result_path(course, result.unit, result.student)
    return path.is_file() and path.read_bytes() == storable(result).encode()
