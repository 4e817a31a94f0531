"""``course grade``'s batch with several worker processes, as fast as it goes once they are warm.

``python -m benchmarks.batch SAMPLE JOBS`` prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.batch.run import Job, grade_one
from autograder.batch.workers import executor_for
from autograder.course import load_course

from .engine import graded, job_of, make_plans, prepare_gradebook, write_gradebook
from .files import read_sample
from .processes import cpu_seconds
from .sample import Sample


@dataclass(frozen=True)
class Batch:
    """What a batch took, in seconds; ``cpu`` is that of all processes after the start."""

    start: float
    grading: float
    gradebook: float
    cpu: float


def run(sample: Sample, jobs: int) -> Batch:
    """Grade all submissions with ``jobs`` workers and write the gradebook."""
    begun = time.perf_counter()
    course = load_course(sample.root)
    job = job_of(course, sample.unit)
    with executor_for(jobs, None, len(sample.entries)) as workers:
        if workers is None:
            raise ValueError(
                f"a batch with {jobs} job is what benchmarks.interleaved measures; ask for 2 or more"
            )
        with tempfile.TemporaryDirectory() as folder:
            waiting = [workers.submit(warm, job, sample, folder, jobs) for _ in range(jobs)]
            for future in waiting:
                future.result()
        prepare_gradebook(sample)
        ready, cpu = time.perf_counter(), cpu_seconds(os.getpid())
        found = [entry.found for entry in sample.entries]
        list(graded(course, course.unit(sample.unit), job, found, workers))
        ended = time.perf_counter()
        write_gradebook(sample.root, sample.unit)
        end = time.perf_counter()
        return Batch(ready - begun, ended - ready, end - ended, cpu_seconds(os.getpid()) - cpu)


def warm(job: Job, sample: Sample, folder: str, jobs: int) -> None:
    """Warm one worker, then wait for the others, so that each of them gets one of these calls."""
    make_plans(job, sample.papers)
    grade_one(job, sample.warm_up.found)
    Path(folder, str(os.getpid())).touch()
    deadline = time.monotonic() + 120
    while len(os.listdir(folder)) < jobs and time.monotonic() < deadline:
        time.sleep(0.01)


def main() -> None:
    sample = read_sample(Path(sys.argv[1]))
    print(json.dumps(asdict(run(sample, int(sys.argv[2])))))


if __name__ == "__main__":
    main()
