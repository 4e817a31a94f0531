"""The sample as a file, for the processes of the benchmark, and the spec for kernels of other systems."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from .sample import Entry, Sample


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


def write_spec(sample: Sample, path: Path) -> Path:
    """What ``benchmarks.inprocess`` needs inside a student's kernel."""
    seeds = {entry.student: entry.seeds for entry in (sample.warm_up, *sample.entries)}
    grader = sample.root / "assignments" / sample.unit / "grader.py"
    path.write_text(json.dumps({"grader": str(grader), "seeds": seeds}))
    return path
