"""One system in one process, which grades the submission that it is told to.

``python -m benchmarks.worker floor|course SAMPLE`` reads numbers of entries from stdin, a
line each, and answers with a line of JSON: the seconds that the submission took and its
score. 0 is the warm-up; "gradebook" writes the gradebook. The benchmark alternates
between two such processes, so that both meet the same load of the machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from autograder.course import load_course

from .files import read_sample
from .inprocess import PlainTests
from .sample import Entry, Sample


@dataclass(frozen=True)
class Reply:
    """What came of one request."""

    seconds: float
    score: float | None = None  # None: BROKEN, or no submission was graded
    bonus: float = 0.0


class Floor:
    """The cells executed in a fresh namespace, the tests called directly."""

    def __init__(self, sample: Sample) -> None:
        self._tests = PlainTests(sample.root / "assignments" / sample.unit / "grader.py")

    def grade(self, entry: Entry) -> Reply:
        """Run and test one submission; its file is read before the clock starts."""
        cells = own_cells(entry.path)
        begun = time.perf_counter()
        namespace: dict[str, Any] = {"__name__": "notebook"}
        for number, source in enumerate(cells):
            exec(compile(source, f"cell {number}", "exec"), namespace)
        score, bonus = self._tests.score(namespace, entry.seeds)
        return Reply(time.perf_counter() - begun, score, bonus)

    def gradebook(self) -> Reply:
        """The floor has none."""
        return Reply(0.0)


class Engine:
    """What a worker of ``course grade`` does for a submission, and what the command does at the end."""

    def __init__(self, sample: Sample) -> None:
        from autograder.batch.run import job_for, warm_grader

        self._course = load_course(sample.root)
        self._job = job_for(self._course, self._course.unit(sample.unit), "walled", force=True)
        self._done: list[Any] = []
        warm_grader(self._job)
        prepare_gradebook(sample)

    def grade(self, entry: Entry) -> Reply:
        """Read, heal, grade, diagnose and store one submission."""
        from autograder.batch.run import grade_one

        begun = time.perf_counter()
        done = grade_one(self._job, entry.found)
        seconds = time.perf_counter() - begun
        self._done.append(done)
        return Reply(seconds, done.result.score, done.result.bonus)

    def gradebook(self) -> Reply:
        """Write all but the warm-up into nbgrader's gradebook."""
        begun = time.perf_counter()
        write_gradebook(self._course.root, self._job.unit, self._done[1:])
        return Reply(time.perf_counter() - begun)


def prepare_gradebook(sample: Sample) -> None:
    """Import nbgrader and make the assignment, as happens once for a unit."""
    from autograder.gradebook import ensure_assignment, project  # noqa: F401

    course = load_course(sample.root)
    ensure_assignment(course, course.unit(sample.unit))


def write_gradebook(root: Path, unit: str, done: list[Any]) -> None:
    """Project finished submissions.

    Raises:
        RuntimeError: some of them were not written, so that the time would be too good.
    """
    from autograder.gradebook import project

    course = load_course(root)
    summary = project(course, course.unit(unit), [(d.result, d.found.path) for d in done])
    if summary.written != len(done):
        raise RuntimeError(f"{summary.written} of {len(done)} results reached the gradebook: {summary}")


def own_cells(path: Path) -> list[str]:
    """The sources of the code cells that the student may edit."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    mine = [c for c in cells if c["cell_type"] == "code" and not _locked(c)]
    return ["".join(cell["source"]) for cell in mine]


def _locked(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("locked"))


SYSTEMS: dict[str, Callable[[Sample], Floor | Engine]] = {"floor": Floor, "course": Engine}


def serve(system: str, sample: Sample, requests: Iterator[str], replies: TextIO) -> None:
    """Answer until stdin ends."""
    grader = SYSTEMS[system](sample)
    entries = (sample.warm_up, *sample.entries)
    for line in requests:
        word = line.strip()
        reply = grader.gradebook() if word == "gradebook" else grader.grade(entries[int(word)])
        replies.write(json.dumps(asdict(reply)) + "\n")
        replies.flush()


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what submissions print must not look like a reply
    serve(sys.argv[1], read_sample(Path(sys.argv[2])), iter(sys.stdin), replies)


if __name__ == "__main__":
    main()
