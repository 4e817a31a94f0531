"""The sample as a file, for the processes of the benchmark, and the spec for kernels of other systems."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from autograder.course import Course
from autograder.notebook import read_release

from .sample import Entry, Sample, task_of


def write_sample(sample: Sample, path: Path) -> Path:
    """Write the sample; returns the path."""
    path.write_text(json.dumps(asdict(sample), default=str))
    return path


def read_sample(path: Path) -> Sample:
    """Read it back."""
    data = json.loads(path.read_text())
    warm_up, *entries = (
        replace(Entry(**entry), path=Path(entry["path"])) for entry in [data["warm_up"], *data["entries"]]
    )
    return Sample(Path(data["root"]), data["unit"], warm_up, tuple(entries))


def write_spec(course: Course, sample: Sample, path: Path) -> Path:
    """What ``benchmarks.inprocess`` needs inside a student's kernel."""
    unit = course.unit(sample.unit)
    spec = {
        "grader": str(unit.grader),
        "papers": course.papers_of(unit),
        "task_of": task_of(read_release(unit.released_notebook)),
        "paper_of": {entry.student: entry.paper for entry in (sample.warm_up, *sample.entries)},
    }
    path.write_text(json.dumps(spec))
    return path
