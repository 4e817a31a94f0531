"""The course's engine as a worker of ``course grade`` uses it, and the same with nothing to check."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from autograder.batch.run import Done, Job, grade_one, job_for, warm_grader
from autograder.course import Course, load_course

from .sample import EMPTY, Entry, Graded, Sample


class Engine:
    """What a worker of ``course grade`` does for a submission."""

    def __init__(self, sample: Sample) -> None:
        self.course = load_course(sample.root)
        self.job = job_of(self.course, sample.unit)
        self.done: list[Done] = []
        make_plans(self.job, sample.papers)

    def grade(self, entry: Entry) -> Graded:
        """Read, heal, grade, diagnose and store one submission.

        Raises:
            RuntimeError: it could not be graded, so that its time means nothing.
        """
        begun = time.perf_counter()
        done = grade_one(self.job, entry.found)
        seconds = time.perf_counter() - begun
        if done.result.broken:
            raise RuntimeError(f"{entry.student} could not be graded: {done.result.flags}")
        self.done.append(done)
        return Graded(seconds, done.result.score, done.result.bonus)

    def gradebook(self) -> Graded:
        """There is none."""
        return Graded(0.0)


class WithGradebook(Engine):
    """The same, and what the command does at the end."""

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample)
        prepare_gradebook(sample)

    def gradebook(self) -> Graded:
        """Write all but the warm-up into nbgrader's gradebook."""
        begun = time.perf_counter()
        write_gradebook(self.course.root, self.job.unit, self.done[1:])
        return Graded(time.perf_counter() - begun)


class Empty(Engine):
    """The same notebooks with a check that asks for nothing: what a submission costs before it is judged.

    That is reading, healing, opening the room, loading, one frame, storing and closing.
    """

    def __init__(self, sample: Sample) -> None:
        root = sample.root / EMPTY
        os.environ["COURSE_DATA"] = str(root / "data")
        super().__init__(replace(sample, root=root))


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
    from autograder.gradebook import ensure_assignment, project  # noqa: F401

    course = load_course(sample.root)
    ensure_assignment(course, course.unit(sample.unit))


def write_gradebook(root: Path, unit: str, done: list[Done]) -> None:
    """Project finished submissions.

    Raises:
        RuntimeError: some of them were not written, so that the time would be too good.
    """
    from autograder.gradebook import project

    course = load_course(root)
    summary = project(course, course.unit(unit), [(d.result, d.found.path) for d in done])
    if summary.written != len(done):
        raise RuntimeError(f"{summary.written} of {len(done)} results reached the gradebook: {summary}")
