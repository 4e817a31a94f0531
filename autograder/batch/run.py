"""Many submissions graded: in parallel, each answer as soon as it is there.

Theory of operation
    Each worker process keeps one warm ``Grader`` and takes one submission after the other: it reads the
    file, compares the digest with those of the results that came with it, and grades where none has it.
    A worker opens no database: what is known comes with the submission, and whoever runs the batch stores
    what comes back (``storing.py``), so that workers may be on any machine.
    A submission whose worker dies is graded again alone; if that worker dies as well,
    only this submission is BROKEN.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ..base.errors import CourseError
from ..judge.points import broken_unit_result
from ..judge.settle import Settled, Warm, dated, settle
from ..notebook.finding import Found
from ..results.result import Result
from .warm import Job, cool, course_of, job_for, limited_memory, this_process, warm_grader
from .workers import Workers

if TYPE_CHECKING:  # SQLAlchemy, which no worker needs
    from ..marks.attempts import Attempt, StoredFile

__all__ = ["Done", "Job", "Todo", "cool", "grade_one", "job_for", "run_batch", "warm_grader"]

Contents = Mapping[str, str]  # results with a score, as JSON, by digest


@dataclass(frozen=True)
class Todo:
    """One submission to grade, and what is known of it."""

    found: Found  # its path is that of the copy that is kept, where there is one
    known: Contents = field(default_factory=dict)  # of this student
    file: StoredFile | None = None  # the copy
    attempt: Attempt | None = None  # which attempt it is, where that is known already
    sealed: bool = True  # may be held against the sealed paper


@dataclass(frozen=True)
class Done:
    """One submission, finished."""

    found: Found
    result: Result
    fresh: bool  # False where a result that was known still holds
    held: bool  # what a mark depends on is the same as that of a result that was known
    file: StoredFile | None = None
    attempt: Attempt | None = None


def run_batch(job: Job, todos: Iterable[Todo], workers: Workers | None) -> Iterator[Done]:
    """Grade all; yields in the order of finishing. Without workers, in this process.

    Raises:
        CourseError: the unit cannot be graded at all, whoever submitted.
    """
    if workers is None:
        yield from (_done(todo, grade_one(_job(job, todo), todo.found, todo.known)) for todo in todos)
        return
    alone: list[Todo] = []
    yield from _together(job, todos, workers, alone)
    yield from (_alone(job, todo, workers) for todo in alone)


def _together(job: Job, todos: Iterable[Todo], workers: Workers, alone: list[Todo]) -> Iterator[Done]:
    """Grade with all workers; what was under way when a worker died is left in ``alone``.

    Only a few are under way at a time, so that few come under suspicion.
    """
    waiting = iter(todos)
    upcoming = next(waiting, None)
    flying: dict[Future[Settled], Todo] = {}
    while upcoming is not None or flying:
        try:
            while upcoming is not None and len(flying) < workers.at_once:
                flying[_begin(job, upcoming, workers)] = upcoming
                upcoming = next(waiting, None)
        except BrokenExecutor:  # a worker died since the last answer; what was under way says so below
            if not flying:
                workers.renew()
                continue
        finished, _ = wait(flying, return_when=FIRST_COMPLETED)
        lost = []
        for future in finished:
            todo = flying.pop(future)
            settled = _answer(future)
            if settled is None:
                lost.append(todo)
            else:
                yield _done(todo, settled)
        if lost and workers.renew():  # then nobody answers for the others either
            lost += flying.values()
            flying.clear()
        alone += lost


def _alone(job: Job, todo: Todo, workers: Workers) -> Done:
    """Grade one submission while no other is under way: if its worker dies, it is the cause."""
    try:
        future = _begin(job, todo, workers)
    except BrokenExecutor:  # an idle worker died
        workers.renew()
        future = _begin(job, todo, workers)
    settled = _answer(future)
    if settled is not None:
        return _done(todo, settled)
    workers.renew()
    why = "the judge's own process ended twice while this was graded (out of memory, perhaps)"
    broken = broken_unit_result(course_of(job).unit(job.unit), job.tier, todo.found.student, why)
    return _done(todo, Settled(dated(broken, todo.found), fresh=True))


def _begin(job: Job, todo: Todo, workers: Workers) -> Future[Settled]:
    return workers.submit(_grade_unnamed, _job(job, todo), Unnamed(todo.found, todo.known))


@dataclass(frozen=True)
class Unnamed:
    """A submission on its way to a worker; a cluster's log, which prints what failed, has no name of it."""

    found: Found = field(repr=False)
    known: Contents = field(repr=False)


def _grade_unnamed(job: Job, what: Unnamed) -> Settled:
    this_process().alone = False
    return grade_one(job, what.found, what.known)


def _job(job: Job, todo: Todo) -> Job:
    return job if todo.sealed else replace(job, sealed=False)


def _done(todo: Todo, settled: Settled) -> Done:
    held = settled.result.digest in todo.known
    return Done(todo.found, settled.result, settled.fresh, held, todo.file, todo.attempt)


def _answer(future: Future[Settled]) -> Settled | None:
    """What a worker answered, or None where it is gone."""
    try:
        return future.result()
    except CourseError:
        raise  # the same for every submission
    except Exception as error:
        print(f"a worker is gone: {type(error).__name__}: {error}", file=sys.stderr)
        return None


def grade_one(job: Job, found: Found, known: Contents | None = None) -> Settled:
    """One submission in this process, whose grader is kept warm; nothing is stored.

    Args:
        job: of the batch.
        found: the submission.
        known: results of this student that may still hold, as JSON, by digest.

    Raises:
        CourseError: the unit cannot be graded at all.
    """
    with this_process().turn, limited_memory():
        unit = course_of(job).unit(job.unit)
        warm = Warm(unit, job.tier, partial(warm_grader, job), partial(cool, job))
        return settle(found, warm, partial(_held, known or {}), job.force, job.sealed)


def _held(known: Contents, digest: str) -> Result | None:
    """The known result of that digest, or None."""
    content = known.get(digest)
    return None if content is None else Result.from_json(content)
