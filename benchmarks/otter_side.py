"""Otter: one ``otter run`` per submission, since it has no batch without containers.

The tests are in exception style, one test case per check, and call the same tests as
everywhere. Only a few submissions are run; the row says how many.
"""

from __future__ import annotations

import json
import zipfile
from itertools import groupby
from pathlib import Path

from autograder.course import Course
from autograder.judge.grader import in_task_order
from autograder.unit.criteria import Criterion, read_criteria

from . import outside
from .files import write_spec
from .inprocess import SPEC
from .nbgrader_side import converted
from .sample import Entry, Sample

HEAD = """\
from otter.test_files import test_case
from benchmarks.inprocess import check

OK_FORMAT = False
name = {task!r}
points = None
"""
CASE = """
@test_case(points={points})
def {name}(env):
    assert check({name!r}, env)
"""


def prepare(course: Course, sample: Sample, folder: Path) -> Path:
    """Write autograder.zip and the spec; returns the folder."""
    folder.mkdir(parents=True)
    marks = in_task_order(read_criteria(course.unit(sample.unit).grader))
    with zipfile.ZipFile(folder / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python", "show_hidden": True}))
        for task, group in groupby(marks, key=lambda mark: mark.task):
            archive.writestr(f"tests/{task}.py", test_file(task, list(group)))
    for entry in sample.entries:
        place = folder / entry.student / f"{sample.unit}.ipynb"
        place.parent.mkdir()
        place.write_text(json.dumps(_without_autotests(entry)), encoding="utf-8")
    write_spec(course, sample, folder / "spec.json")
    return folder


def test_file(task: str, marks: list[Criterion]) -> str:
    """Otter's test file of one task."""
    return HEAD.format(task=task) + "".join(CASE.format(points=mark.points, name=mark.id) for mark in marks)


test_file.__test__ = False  # type: ignore[attr-defined]


def run(folder: Path, unit: str, entry: Entry) -> tuple[outside.Run, float]:
    """One submission: the run, and the score with bonus."""
    place = folder / entry.student
    command = [outside.program("otter"), "run", "--no-logo", "-a", str(folder / "autograder.zip")]
    done = outside.run(
        [*command, "-o", str(place), f"{unit}.ipynb"], place, {SPEC: str(folder / "spec.json")}
    )
    tests = json.loads((place / "results.json").read_text())["tests"]
    return done, float(sum(test.get("score", 0.0) for test in tests))


def _without_autotests(entry: Entry) -> dict[str, object]:
    notebook = converted(entry.path, _Anything())
    notebook["cells"] = [c for c in notebook["cells"] if "points" not in c["metadata"].get("nbgrader", {})]
    return notebook


class _Anything(dict[str, float]):
    """Points that nobody reads."""

    def __missing__(self, task: str) -> float:
        return 0.0
