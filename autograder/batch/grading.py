"""Grades what was handed in as files, and attempts anew; what comes of it is stored as facts.

Result files and the gradebook follow from the facts afterwards, see ``booking.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from ..course import Course, Unit
from ..marks import Mark, attempts, graded, read_facts
from ..marks.attempts import Attempt
from ..marks.database import Database
from ..marks.exceptions import Deed
from ..marks.files import NOTHING
from ..notebook.finding import Found
from ..results.audit import user
from .changes import MarkChange, changed_marks
from .progress import progress_bar
from .run import Done, Job, Todo, cool, job_for, run_batch
from .storing import Storage, buffered
from .taking_in import todos_of_attempts, todos_of_files
from .workers import Workers, default_jobs, executor_for


@dataclass(frozen=True)
class How:
    """How a batch is graded."""

    tier: str = "walled"
    force: bool = False  # also what has not changed
    jobs: int | None = None  # worker processes; None: one per core, fewer for a few submissions
    cluster: str | None = None  # where to grade instead, see ``executor_for``


@dataclass(frozen=True)
class Batch:
    """Submissions that were graded, and other attempts of the same students that were graded anew."""

    done: tuple[Done, ...]  # by student
    attempts: frozenset[str]  # that they are
    others: tuple[Done, ...] = ()  # whose results no longer held, each an attempt of before


@dataclass(frozen=True)
class Regraded:
    """What grading all attempts anew gave, or would give."""

    attempts: int  # that were looked at
    graded: int  # whose results no longer held
    broken: tuple[str, ...]  # students with an attempt that a fault of ours left without a score
    without_file: int  # of an older release, which left only results
    changes: tuple[MarkChange, ...]


def grade_all(course: Course, database: Database, unit: Unit, found: Sequence[Found], how: How) -> Batch:
    """Grade submissions, and renew the results of these students' other attempts that no longer hold.

    Args:
        course: the course.
        database: of its facts.
        unit: what they were handed in for.
        found: the submissions.
        how: with which workers.

    Raises:
        CourseError: the unit cannot be graded at all, or the cluster cannot be reached.
    """
    storage = Storage(Deed.now(user(), "course grade"))
    job = job_for(course, unit, how.tier, how.force)
    with _workers(course, job, how, len(found)) as workers:
        todos = todos_of_files(course, database, unit, found)
        done = list(_grade(job, todos, len(found), workers, database, storage))
        just = frozenset(storage.attempts)
        others: list[Done] = []
        if how.tier != "none":  # which is for one notebook of one's own
            students = {each.student for each in found}
            with database.read() as connection:
                rest = [each for each in _graded(connection, unit, students) if each.id not in just]
            once = job_for(course, unit, how.tier)
            todos = todos_of_attempts(course, database, unit, [each for each in rest if _has_file(each)])
            others = [
                each for each in _grade(once, todos, len(rest), workers, database, storage) if each.fresh
            ]
    ordered = sorted(done, key=lambda each: each.found.student)
    return Batch(tuple(ordered), just, tuple(others))


def regrade(
    course: Course,
    database: Database,
    unit: Unit,
    how: How,
    students: Collection[str] | None = None,
    preview: bool = False,
) -> Regraded:
    """Grade all attempts whose results no longer hold, wherever they came from.

    Args:
        course: the course.
        database: of its facts.
        unit: of the attempts.
        how: with which workers.
        students: only these; everybody where left out.
        preview: store nothing, and say what would become of the marks.

    Raises:
        CourseError: the unit cannot be graded at all, or the cluster cannot be reached.
    """
    storage = Storage(Deed.now(user(), "course regrade"))
    job = job_for(course, unit, how.tier, how.force)
    with database.read() as connection:
        before = _marks(connection, course, unit)
        known = _graded(connection, unit, students)
    own = [each for each in known if _has_file(each)]
    todos = todos_of_attempts(course, database, unit, own)
    with _workers(course, job, how, len(own)) as workers:
        done = _grade(job, todos, len(own), workers, None if preview else database, storage)
        count, broken, previewed = 0, set(), []
        for each in done:
            if each.fresh:
                count += 1
                broken |= {each.found.student} if each.result.broken else set()
                previewed += [each] if preview else []  # else nothing is held in memory
    with database.trial() if preview else database.read() as connection:
        for each in previewed:
            storage.store(connection, each)
        after = _marks(connection, course, unit)
    changes = changed_marks(before, after, storage.checks)
    return Regraded(len(own), count, tuple(sorted(broken)), len(known) - len(own), tuple(changes))


def summary(regraded: Regraded, preview: bool) -> str:
    """What it comes to, in one line."""
    rises = sum(change.by > 0 for change in regraded.changes)
    falls = sum(change.by < 0 for change in regraded.changes)
    held = sum(change.kept for change in regraded.changes)
    what = f"{regraded.graded} of {regraded.attempts} attempts graded anew"
    would = "would rise" if preview else "risen"
    fall = "would fall" if preview else "fallen"
    end = "; nothing was changed" if preview else ""
    return f"{what}: {rises} mark{'' if rises == 1 else 's'} {would}, {falls} {fall}, {held} kept{end}"


@contextmanager
def _workers(course: Course, job: Job, how: How, count: int) -> Iterator[Workers | None]:
    private = course.data_folder / "slurm"
    try:
        with executor_for(how.jobs or default_jobs(count), how.cluster, count, private) as workers:
            yield workers
    finally:
        cool(job)


def _grade(
    job: Job,
    todos: Iterable[Todo],
    total: int,
    workers: Workers | None,
    database: Database | None,
    storage: Storage,
) -> Iterator[Done]:
    """Grade, and store where there is a database; stderr shows how far it is."""
    done = progress_bar(run_batch(job, todos, workers), total, f"grading {job.unit}")
    if database is None:
        yield from done
        return
    with buffered(database, storage) as buffer:
        for each in done:
            buffer.put(each)
            yield each


def _graded(connection: Connection, unit: Unit, students: Collection[str] | None) -> list[Attempt]:
    """Attempts with a result; one without is in the exchange's queue.

    Of a file that could not be read by a fault of ours nothing is known: it has to come again.
    """
    known = graded.of_unit(connection, unit.name)
    own = [each for each in attempts.of_unit(connection, unit.name) if each.id in known]
    own = [each for each in own if each.sha256 != NOTHING or known[each.id].sound]
    return [each for each in own if students is None or each.student in students]


def _has_file(attempt: Attempt) -> bool:
    """False for one of an older release, of which only the result is left."""
    return attempt.notebook is not None or attempt.sha256 == NOTHING


def _marks(connection: Connection, course: Course, unit: Unit) -> Mapping[str, Mark]:
    return {mark.student: mark for mark in read_facts(connection, course, unit).marks()}
