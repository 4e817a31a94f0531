"""A class of 1,000 through ``course grade``'s batch: does memory stay where it is?

``python -m benchmarks.thousand [UNIT] [SUBMISSIONS]`` simulates the class in a temporary data
folder, grades it with one worker per core and writes ``benchmarks/thousand.json``: time, and
the peak of the memory of all processes together in each tenth of the batch. Every kind of
submission is in the class: right, wrong, half-finished, messy, broken and hostile. A part in
which a submission that hoards memory was sampled shows its limit (``memory_mib``) on top.

Nothing is warm at the start. ``first_seconds`` is how long the first answer takes then: workers that import
and collect, and one paper's plans. ``seconds_per_submission`` is of the others; the making of plans for all
other papers, and what explanations keep for later, are in it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from autograder.base.threads import use_one_thread
from autograder.batch.workers import cores, executor_for
from autograder.course import Course, Unit, load_course
from autograder.demo import simulate_class, write_class
from autograder.judge.secret import publish_secret
from autograder.notebook.finding import find_submissions

from .engine import graded, job_of
from .processes import PeakMemory

PROJECT = Path(__file__).parents[1]
PARTS = 10


def measure(course: Course, unit: Unit, submissions: int) -> dict[str, Any]:
    """Grade a simulated class and say what it took."""
    people = simulate_class(course, unit, submissions)
    folder = write_class(course.data_folder / "submitted", unit, people)
    found = find_submissions([folder], unit)
    job = job_of(course, unit.name)
    peaks: list[float] = []
    scores: Counter[str] = Counter()
    begun = time.perf_counter()
    with executor_for(cores(), None, len(found)) as workers:
        answers = graded(course, unit, job, found, workers)
        first = next(answers)
        first_seconds = time.perf_counter() - begun
        batch = chain([first], answers)
        for _ in range(PARTS):
            with PeakMemory(os.getpid(), interval=0.5) as memory:
                for _, done in zip(range(-(-len(found) // PARTS)), batch, strict=False):
                    scores["BROKEN" if done.result.broken else "graded"] += 1
            peaks.append(round(memory.mib, 1))
    seconds = time.perf_counter() - begun
    return {
        "unit": unit.name,
        "submissions": len(found),
        "jobs": cores(),
        "seconds": round(seconds, 1),
        "first_seconds": round(first_seconds, 2),
        "seconds_per_submission": round((seconds - first_seconds) / max(len(found) - 1, 1), 4),
        "peak_mib": max(peaks),
        "peak_mib_by_tenth": peaks,
        "ended": dict(scores),
    }


def main() -> None:
    """Measure and write the figures."""
    use_one_thread()
    name, submissions = [*sys.argv[1:], *("conv_layer", "1000")[len(sys.argv) - 1 :]][:2]
    with tempfile.TemporaryDirectory() as folder:
        course = replace(load_course(PROJECT), data=folder)
        publish_secret(course)  # whose papers are proven
        figures = measure(course, course.unit(name), int(submissions))
    path = PROJECT / "benchmarks" / "thousand.json"
    path.write_text(json.dumps(figures, indent=1) + "\n")
    print(path.read_text(), end="")


if __name__ == "__main__":
    main()
