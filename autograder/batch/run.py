"""Many submissions: in parallel, resumable, each result one file.

Theory of operation
    The work list is fixed first. Each worker process keeps one warm ``Grader`` and
    takes one submission after the other: it reads the file, compares the digest with the
    stored result's, grades where they differ, and writes the result before it answers.
    So a killed run loses at most what was being graded; the next run clears away what was
    half written, and does the rest.
    A submission whose worker dies is graded again alone; if that worker dies as well,
    only this submission is BROKEN. BROKEN is tried once more with a new zygote, then kept
    for staff without a score, and never takes the place of a mark that still holds.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace

from ..base.errors import CourseError, NotInstalled, SandboxFault, Unreadable
from ..base.leftovers import clear_leftovers
from ..course import Course
from ..judge.grader import broken_unit_result
from ..notebook.finding import Found
from ..results.result import Result
from ..results.store import ResultFileError, read_result, write_result
from .warm import Job, cool, course_of, job_for, limited_memory, this_process, warm_grader
from .workers import Workers

__all__ = ["Done", "Job", "cool", "grade_one", "job_for", "run_batch", "warm_grader"]


@dataclass(frozen=True)
class Done:
    """One submission of the work list, finished."""

    found: Found
    result: Result
    previous: Result | None
    fresh: bool  # False where the stored result still holds


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
    return _keep(
        course, item, previous, broken_unit_result(course.unit(job.unit), job.tier, item.student, why)
    )


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
        result, fresh = _settle(job, found, previous)
        if result.broken:
            cool(job)
            result, fresh = _settle(job, found, previous)
        if not fresh:
            return Done(found, _dated(course, found, result), previous, fresh)
        return _keep(course, found, previous, result)


def _settle(job: Job, found: Found, previous: Result | None) -> tuple[Result, bool]:
    """The stored result where it still holds, else a new one; whatever goes wrong is BROKEN."""
    unit = course_of(job).unit(job.unit)
    try:
        grader = warm_grader(job)
    except NotInstalled:
        raise
    except SandboxFault as fault:
        return broken_unit_result(unit, job.tier, found.student, str(fault)), True
    begun = time.perf_counter()
    try:
        read = Unreadable(found.wrong) if found.wrong else grader.look(found.path)
    except OSError as error:  # the disk's or the network's, not the student's
        return broken_unit_result(unit, job.tier, found.student, f"reading {found.path}: {error}"), True
    digest = grader.digest_of(read, found.student)
    explained = this_process().explained
    holds = previous if previous is not None and not previous.broken and previous.digest == digest else None
    if holds is not None and holds.explained == explained and not job.force:
        return holds, False
    result = replace(grader.grade_or_say(read, found.student, begun), digest=digest, explained=explained)
    if holds is None or job.force:
        return result, True
    return (holds, False) if result.broken else (_marks_of(holds, result), True)


def _marks_of(holds: Result, result: Result) -> Result:
    """The marks that stand, with the new explanations of those checks that ended as before."""
    before = {check.id: check for check in holds.checks}
    checks = tuple(
        check if (check.verdict, check.earned) == (old.verdict, old.earned) else old
        for check in result.checks
        for old in (before[check.id],)
    )
    return result.with_checks(checks)


def _keep(course: Course, found: Found, previous: Result | None, result: Result) -> Done:
    """Store a new result, unless it is BROKEN and the stored mark is of the same submission."""
    result = replace(result, submitted=found.submitted, source=found.path.name)
    same = previous is not None and result.digest in ("", previous.digest)  # or it was not even read
    stands = previous is not None and not previous.broken and same
    if not (result.broken and stands):
        write_result(course, result)
    return Done(found, result, previous, fresh=True)


def _dated(course: Course, found: Found, result: Result) -> Result:
    """A stored result whose submission says another time than before."""
    if found.submitted in (None, result.submitted):
        return result
    result = replace(result, submitted=found.submitted)
    write_result(course, result)
    return result


def stored(course: Course, unit: str, student: str) -> Result | None:
    """The stored result, or None where there is none that can be read."""
    try:
        return read_result(course, unit, student)
    except ResultFileError:
        return None
