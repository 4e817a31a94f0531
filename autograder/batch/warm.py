"""The grader that a worker process keeps warm, and the job that it is kept for.

A worker may live longer than a batch (Dask's do) and on another machine, so a job
carries a digest of everything but the submissions: a worker whose files, engine or
libraries are not those of the command refuses, instead of giving other marks.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from multiprocessing.util import Finalize
from pathlib import Path

from ..base.digest import digest_of, digest_of_file
from ..base.errors import UsageError
from ..course import Course, Unit, load_course
from ..explain import Explainer, explanation_digest
from ..judge.digest import environment_digest
from ..judge.grader import Grader
from ..judge.secret import course_secret, secret_id
from ..results.late import parse_time
from .cores import Core

JUDGE_MEMORY = 8 << 30  # bytes that a worker of the judge may map


@dataclass(frozen=True)
class Job:
    """What every worker of a batch must know; ``job_for`` fills it in."""

    root: Path
    unit: str
    tier: str
    force: bool = False
    sealed: bool = False  # the due date has passed: the sealed paper is used, too
    data: Path | None = None  # the data folder, where it is not the one that the worker would find
    made_from: str = ""  # digest of all that is not the submission; empty: not compared


def job_for(course: Course, unit: Unit, tier: str, force: bool = False) -> Job:
    """The job of grading a unit's submissions with the files as they are now."""
    due = parse_time(unit.due)
    sealed = due is not None and datetime.now(UTC) > due
    made = made_from(course, unit, tier)
    return Job(course.root, unit.name, tier, force, sealed, course.data_folder, made)


def made_from(course: Course, unit: Unit, tier: str) -> str:
    """A digest of everything that a warm grader was made from."""
    return digest_of(
        environment_digest(course, unit, tier, secret_id(course_secret(course))),
        explanation_digest(course, unit),
        digest_of_file(unit.released_notebook),
    )


def new_grader(course: Course, unit: Unit, tier: str) -> Grader:
    """A grader that explains what it finds.

    Raises:
        CourseError: it cannot be made; a SandboxFault where only the isolation failed.
    """
    return Grader(course, unit, tier, explain=Explainer(), explained=explanation_digest(course, unit))


class Warmth:
    """What this process keeps between submissions: one grader, for one job."""

    def __init__(self) -> None:
        self.alone = True  # False: one of several workers of a batch, each with a core
        self.turn = threading.Lock()  # Dask may run several threads; a zygote serves one
        self.job: Job | None = None
        self.grader: Grader | None = None
        self.core: Core | None = None

    def grader_for(self, job: Job) -> Grader:
        """The warm grader, made anew where the job is another one."""
        key = replace(job, force=False, sealed=False)
        if self.grader is None or self.job != key:
            self.cool()
            self.core = Core(self.alone)
            with self.core.beside():  # the zygote is started here, and with it all that runs in the sandbox
                self.grader, self.job = self._make(key), key
        return self.grader

    def _make(self, job: Job) -> Grader:
        course = course_of(job)
        unit = course.unit(job.unit)
        if job.made_from and job.made_from != made_from(course, unit, job.tier):
            raise UsageError(
                "a worker has other versions of Python, of a library, of the engine or of the course's files "
                f"than this command; compare 'course doctor' on {platform.node()}, and restart the workers"
            )
        if self.job is not None:  # a reference that an earlier batch imported may have changed since
            for name in [name for name in sys.modules if name.startswith("solutions.")]:
                del sys.modules[name]
        return new_grader(course, unit, job.tier)

    def cool(self) -> None:
        """Close the grader; the next submission starts another."""
        if self.grader is not None:
            self.grader.close()
            self.grader = None
        if self.core is not None:
            self.core.release()
            self.core = None


@cache
def _process(pid: int) -> Warmth:
    process = Warmth()
    Finalize(None, process.cool, exitpriority=10)  # a worker process runs no atexit
    return process


def this_process() -> Warmth:
    """What this process keeps warm."""
    return _process(os.getpid())  # a fork must not use its parent's zygote


def warm_grader(job: Job) -> Grader:
    """This process's grader for the job, started at first use.

    Raises:
        CourseError: it cannot be made; a SandboxFault where only the isolation failed.
    """
    return this_process().grader_for(job)


def cool(job: Job) -> None:
    """Close this process's grader, so that the next use starts another."""
    if this_process().job in (None, replace(job, force=False)):
        this_process().cool()


@lru_cache(maxsize=8)
def course_of(job: Job) -> Course:
    """The course with the data folder of the command that made the job; read once, as the grader is."""
    course = load_course(job.root)
    return course if job.data is None else replace(course, data=str(job.data))


@contextmanager
def limited_memory() -> Iterator[None]:
    """A hostile shape must not take the machine with it: the judge has a limit of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (JUDGE_MEMORY, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
