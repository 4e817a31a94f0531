"""nbgrader as a teaching assistant would use it: stock ``nbgrader autograde`` over a folder.

Each autotest cell computes the task's points by an importable function and ends in that
number, which is nbgrader's partial credit. The function runs the same tests as everywhere,
in the student's kernel. That is generous: the tests are compiled once, not pasted into
every notebook, and one cell stands for a whole task.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.demo.solving import Notebook, code_cell, grade_id
from autograder.unit.criteria import read_criteria

from . import outside
from .files import write_spec
from .inprocess import SPEC
from .sample import Sample, own_cells

AUTOTEST = "from benchmarks.inprocess import points\npoints({task!r}, globals())"


def prepare(course: Course, sample: Sample, folder: Path) -> Path:
    """A course of nbgrader's own with the sample's submissions; returns its folder."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'benchmark'\n"
        "c.ClearSolutions.enforce_metadata = False\nc.Autograde.log_level = 'INFO'\n"
    )
    worth = _worth(course, sample.unit)
    name = f"{sample.unit}.ipynb"
    _write(folder / "source" / sample.unit / name, converted(sample.entries[0].path, worth))
    for entry in sample.entries:
        place = folder / "submitted" / entry.student / sample.unit / name
        _write(place, converted(entry.path, worth))
    write_spec(course, sample, folder / "spec.json")
    command = [outside.program("nbgrader"), "generate_assignment", sample.unit]
    outside.run(command, folder, _extra(folder))
    return folder


def run(folder: Path, unit: str) -> outside.Run:
    """``nbgrader autograde``; the start ends when it takes the first submission."""
    command = [outside.program("nbgrader"), "autograde", unit]
    return outside.run(command, folder, _extra(folder), mark="Creating/updating student")


def scores(folder: Path) -> dict[str, float]:
    """What nbgrader's database holds, bonus included."""
    with sqlite3.connect(folder / "gradebook.db") as database:
        rows = database.execute(
            "SELECT submitted_assignment.student_id, SUM(grade.auto_score) FROM grade "
            "JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id "
            "JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id "
            "GROUP BY submitted_assignment.student_id"
        )
        return {student: float(score or 0) for student, score in rows}


def converted(path: Path, worth: dict[str, float]) -> Notebook:
    """The same cells with nbgrader's autotests behind the tasks."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    tasks = {"".join(cell["source"]): grade_id(cell) for cell in notebook["cells"]}
    cells = []
    for source in own_cells(path):
        task = tasks[source]
        cells.append(_cell(source, task, solution=True) if task else code_cell(source))
        if task:
            cells.append(_cell(AUTOTEST.format(task=task), f"points-{task}", points=worth[task]))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(source: str, name: str, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    graded = points is not None
    mark = {"grade_id": name, "solution": solution, "grade": graded, "locked": not solution}
    mark |= {"task": False, "schema_version": 3} | ({"points": points} if graded else {})
    return {**code_cell(source), "metadata": {"nbgrader": mark}}


def _worth(course: Course, unit: str) -> dict[str, float]:
    """Points of each task, bonus included, since nbgrader refuses more than a cell's maximum."""
    worth: dict[str, float] = {}
    for mark in read_criteria(course.unit(unit).grader):
        worth[mark.task] = worth.get(mark.task, 0.0) + mark.points
    return worth


def _extra(folder: Path) -> dict[str, str]:
    return {SPEC: str(folder / "spec.json")}


def _write(path: Path, notebook: Notebook) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
