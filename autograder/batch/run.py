"""Many submissions: in parallel, resumable, each result one file.

Theory of operation
    The work list is fixed first. Each worker process keeps one warm ``Grader`` and
    takes one submission after the other: it reads the file, compares the digest with the
    stored result's, grades where they differ, and writes the result before it answers.
    So a killed run loses at most what was being graded; the next run clears away what was
    half written, and does the rest.
    A submission whose worker dies is graded again alone; if that worker dies as well,
    only this submission is BROKEN. BROKEN is kept for staff without a score, and never takes
    the place of a mark that still holds.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass
from functools import partial

from ..base.errors import CourseError, UsageError, in_words
from ..base.leftovers import clear_leftovers
from ..course import Course, Unit
from ..judge.grader import broken_unit_result
from ..judge.settle import Warm, dated, settle
from ..notebook.finding import Found
from ..results.result import Result
from ..results.store import ResultFileError, read_result, write_result
from .progress import progress_bar
from .warm import Job, cool, course_of, job_for, limited_memory, this_process, warm_grader
from .workers import Workers, default_jobs, executor_for

__all__ = ["Done", "Job", "book", "cool", "grade_all", "grade_one", "job_for", "run_batch", "warm_grader"]


@dataclass(frozen=True)
class Done:
    """One submission of the work list, finished."""

    found: Found
    result: Result
    previous: Result | None
    fresh: bool  # False where the stored result still holds


def grade_all(
    course: Course,
    unit: Unit,
    found: list[Found],
    tier: str,
    force: bool = False,
    jobs: int | None = None,
    cluster: str | None = None,
) -> list[Done]:
    """All submissions of a unit, by student; stderr shows how far it is.

    Args:
        course: the course.
        unit: what they were handed in for.
        found: the submissions.
        tier: isolation tier.
        force: grade also what has not changed.
        jobs: worker processes; one per core where left out.
        cluster: where to grade instead, see ``executor_for``.

    Raises:
        CourseError: the unit cannot be graded at all, or the cluster cannot be reached.
    """
    job = job_for(course, unit, tier, force)
    private = course.data_folder / "slurm"
    with executor_for(jobs or default_jobs(), cluster, len(found), private) as workers:
        done = list(progress_bar(run_batch(job, found, workers), len(found), f"grading {unit.name}"))
    cool(job)
    return sorted(done, key=lambda item: item.found.student)


def book(course: Course, unit: Unit, done: list[Done], everything: bool = False) -> tuple[str, ...]:
    """Project what the gradebook lacks; a gradebook that cannot be written costs no result.

    ``everything`` writes all rows anew: an extension or a late policy may have changed since.
    Returns what the gradebook refused, one sentence each.

    Raises:
        UsageError: it cannot be written.
    """
    from ..gradebook import project, unwritten  # SQLAlchemy, which no worker needs

    results = [item.result for item in done]
    lacking = {
        result.student for result in (results if everything else unwritten(course, unit.name, results))
    }
    pairs = [(item.result, item.found.path) for item in done if item.result.student in lacking]
    if not pairs:
        return ()
    try:
        return project(course, unit, pairs).refused
    except (CourseError, OSError) as error:
        where = course.results(unit.name)
        why = str(error) if isinstance(error, CourseError) else in_words(error)
        raise UsageError(
            f"the results are stored in {where}, but the gradebook could not be written: {why} "
            "Run the same command again once that is mended."
        ) from error


def run_batch(job: Job, found: list[Found], workers: Workers | None) -> Iterator[Done]:
    """Grade all; yields in the order of finishing. Without workers, in this process.

    Raises:
        CourseError: the unit cannot be graded at all, whoever submitted.
    """
    clear_leftovers(course_of(job).results(job.unit))
    if workers is None:
        yield from (grade_one(job, item) for item in found)
        return
    alone: list[Found] = []
    yield from _together(job, found, workers, alone)
    yield from (_alone(job, item, workers) for item in alone)


def _together(job: Job, found: list[Found], workers: Workers, alone: list[Found]) -> Iterator[Done]:
    """Grade with all workers; what was under way when a worker died is left in ``alone``.

    Only a few are under way at a time, so that few come under suspicion.
    """
    waiting = deque(found)
    flying: dict[Future[Done], Found] = {}
    while waiting or flying:
        try:
            while waiting and len(flying) < workers.at_once:
                flying[workers.submit(grade_one, job, waiting[0])] = waiting[0]
                waiting.popleft()
        except BrokenExecutor:  # a worker died since the last answer; what was under way says so below
            if not flying:
                workers.renew()
                continue
        finished, _ = wait(flying, return_when=FIRST_COMPLETED)
        lost = []
        for future in finished:
            item = flying.pop(future)
            done = _answer(future)
            if done is None:
                lost.append(item)
            else:
                yield done
        if lost and workers.renew():  # then nobody answers for the others either
            lost += flying.values()
            flying.clear()
        alone += lost


def _alone(job: Job, item: Found, workers: Workers) -> Done:
    """Grade one submission while no other is under way: if its worker dies, it is the cause."""
    try:
        future = workers.submit(grade_one, job, item)
    except BrokenExecutor:  # an idle worker died
        workers.renew()
        future = workers.submit(grade_one, job, item)
    done = _answer(future)
    if done is not None:
        return done
    workers.renew()
    course = course_of(job)
    previous = stored(course, job.unit, item.student)
    why = "the judge's own process ended twice while this was graded (out of memory, perhaps)"
    broken = broken_unit_result(course.unit(job.unit), job.tier, item.student, why)
    return _keep(course, item, previous, dated(broken, item))


def _answer(future: Future[Done]) -> Done | None:
    """What a worker answered, or None where it is gone."""
    try:
        return future.result()
    except CourseError:
        raise  # the same for every submission
    except Exception as error:
        print(f"a worker is gone: {type(error).__name__}: {error}", file=sys.stderr)
        return None


def grade_one(job: Job, found: Found) -> Done:
    """One submission in this process, whose grader is kept warm.

    Raises:
        CourseError: the unit cannot be graded at all.
    """
    with this_process().turn, limited_memory():
        course = course_of(job)
        previous = stored(course, job.unit, found.student)
        warm = Warm(course.unit(job.unit), job.tier, partial(warm_grader, job), partial(cool, job))
        settled = settle(found, warm, partial(_held, previous), job.force, job.sealed)
        if settled.fresh:
            return _keep(course, found, previous, settled.result)
        if settled.result != previous:  # handed in at another time than it was said before
            write_result(course, settled.result)
        return Done(found, settled.result, previous, fresh=False)


def _held(previous: Result | None, digest: str) -> Result | None:
    """The stored result where its mark still holds."""
    return previous if previous is not None and not previous.broken and previous.digest == digest else None


def _keep(course: Course, found: Found, previous: Result | None, result: Result) -> Done:
    """Store a new result, unless it is BROKEN and the stored mark is of the same submission."""
    same = previous is not None and result.digest in ("", previous.digest)  # or it was not even read
    stands = previous is not None and not previous.broken and same
    if not (result.broken and stands):
        write_result(course, result)
    return Done(found, result, previous, fresh=True)


def stored(course: Course, unit: str, student: str) -> Result | None:
    """The stored result, or None where there is none that can be read."""
    try:
        return read_result(course, unit, student)
    except ResultFileError:
        return None
