"""The course's engine as a worker of ``course grade`` uses it, and the same with nothing to check."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.batch.run import Done, Job, job_for, run_batch, warm_grader
from autograder.batch.storing import Buffer, Storage, buffered
from autograder.batch.taking_in import todos_of_files
from autograder.batch.workers import Workers
from autograder.course import Course, Unit, load_course
from autograder.marks import open_facts
from autograder.marks.database import Database, database_url
from autograder.marks.exceptions import Deed
from autograder.notebook.finding import Found

from .sample import EMPTY, Entry, Graded, Sample


class Engine:
    """What a worker of ``course grade`` does for a submission."""

    def __init__(self, sample: Sample) -> None:
        self.course = load_course(sample.root)
        self.job = job_of(self.course, sample.unit)
        self.database = Database(database_url(self.course), self.course)
        self.buffer = Buffer(self.database, Storage(Deed.now("benchmark", "course grade")))
        make_plans(self.job, sample.papers)

    def grade(self, entry: Entry) -> Graded:
        """Copy, read, heal, grade, diagnose and store one submission; a few results are stored at a time.

        Raises:
            RuntimeError: it could not be graded, so that its time means nothing.
        """
        begun = time.perf_counter()
        unit = self.course.unit(self.job.unit)
        todos = todos_of_files(self.course, self.database, unit, [entry.found])
        (done,) = run_batch(self.job, todos, None)
        self.buffer.put(done)
        seconds = time.perf_counter() - begun
        if done.result.broken:
            raise RuntimeError(f"{entry.student} could not be graded: {done.result.flags}")
        return Graded(seconds, done.result.score, done.result.bonus)

    def gradebook(self) -> Graded:
        """There is none; the last results are stored."""
        begun = time.perf_counter()
        self.buffer.flush()
        return Graded(time.perf_counter() - begun)


class WithGradebook(Engine):
    """The same, and what the command does at the end."""

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample)
        prepare_gradebook(sample)

    def gradebook(self) -> Graded:
        """Write result files and nbgrader's gradebook."""
        begun = time.perf_counter()
        self.buffer.flush()
        write_gradebook(self.course.root, self.job.unit)
        return Graded(time.perf_counter() - begun)


class Empty(Engine):
    """The same notebooks with a check that asks for nothing: what a submission costs before it is judged.

    That is reading, healing, opening the room, loading, one frame, storing and closing.
    """

    def __init__(self, sample: Sample) -> None:
        root = sample.root / EMPTY
        os.environ["COURSE_DATA"] = str(root / "data")
        super().__init__(replace(sample, root=root))


def graded(
    course: Course, unit: Unit, job: Job, found: Sequence[Found], workers: Workers | None
) -> Iterator[Done]:
    """Grade, and store what comes of it as facts, as ``course grade`` does."""
    with (
        open_facts(course) as database,
        buffered(database, Storage(Deed.now("benchmark", "course grade"))) as buffer,
    ):
        for done in run_batch(job, todos_of_files(course, database, unit, found), workers):
            buffer.put(done)
            yield done


def job_of(course: Course, unit: str) -> Job:
    """Grade all anew, each once: after the due date, ``job_for`` would ask for the sealed paper, too."""
    return replace(job_for(course, course.unit(unit), "walled", force=True), sealed=False)


def make_plans(job: Job, papers: Iterable[int]) -> None:
    """Start this process's grader, and make its plans for these papers."""
    suite = warm_grader(job).suite
    for paper in papers:
        suite.make_plans(paper)


def prepare_gradebook(sample: Sample) -> None:
    """Import nbgrader and make the assignment, as happens once for a unit."""
    from autograder.gradebook import ensure_assignment

    course = load_course(sample.root)
    ensure_assignment(course, course.unit(sample.unit))


def write_gradebook(root: Path, unit: str) -> None:
    """What a command does at its end: result files and gradebook follow the facts.

    Raises:
        RuntimeError: some marks were not written, so that the time would be too good.
    """
    from autograder.batch.booking import book

    course = load_course(root)
    with open_facts(course) as database:
        refused = book(course, database, course.unit(unit))
    if refused:
        raise RuntimeError(f"{len(refused)} marks did not reach the gradebook: {refused}")
