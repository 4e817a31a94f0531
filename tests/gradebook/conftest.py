"""A tiny course with one unit of two tasks and a written question, released by hand."""

import json
import shutil
from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.gradebook import Folders, ensure_assignment
from autograder.results.result import Check, Result, Verdict, totals

CONFIG = """
from autograder.course import Course, Unit

course = Course("tiny", "Tiny course", units=(Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1),))
"""
STUB = 'def forward(x):\n    """max(x, 0)"""\n    raise NotImplementedError'


def cell(kind, source, grade_id, *, grade=False, solution=False, points=None):
    """A cell as 'course build' marks it."""
    mark = {"grade_id": grade_id, "grade": grade, "solution": solution, "task": False, "schema_version": 3}
    mark |= {"locked": not solution} | ({} if points is None else {"points": points})
    made = {"cell_type": kind, "source": source, "metadata": {"nbgrader": mark}, "id": grade_id}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def released():
    """The documented shape: answer cell, public check, graded cell that ends in 0.0."""
    cells = [cell("markdown", "# ReLU", "intro")]
    for task, points in (("forward", 60), ("backward", 40)):
        cells += [
            cell("code", STUB.replace("forward", task), task, solution=True),
            cell("code", f'grader.check("{task}")', f"check-{task}"),
            cell(
                "code",
                "# the mark is written by the course\n0.0",
                f"points-{task}",
                grade=True,
                points=points,
            ),
        ]
    cells.append(cell("markdown", "Your answer", "why", grade=True, solution=True, points=10))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    course = {"unit": "relu", "version": "1", "tasks": {"forward": ["forward"], "backward": ["backward"]}}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "course": course},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def check(name, task, points, verdict=Verdict.PASSED, **more):
    """One check; it earns its points where it passed."""
    earned = points if verdict is Verdict.PASSED else 0.0
    return Check(name, task, f"{name} works.", points, more.pop("earned", earned), verdict, **more)


def result(student, *verdicts, **more):
    """A result with two checks for each task: 40 and 20, 25 and 15 points."""
    given = [*verdicts, *[Verdict.PASSED] * 4][:4]
    checks = (
        check("test_values", "forward", 40.0, given[0]),
        check("test_edges", "forward", 20.0, given[1]),
        check("test_gradient", "backward", 25.0, given[2]),
        check("test_shape", "backward", 15.0, given[3]),
    )
    return Result("relu", student, checks=checks, digest="d" * 64, **(totals(checks) | more))


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The tiny course, as 'course build' leaves it, with its gradebook."""
    root = tmp_path_factory.mktemp("tiny")
    (root / "course_config.py").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(root)
        write(course.unit("relu").released_notebook, released())
        ensure_assignment(course, course.unit("relu"))
    return root


@pytest.fixture
def course(built, tmp_path, monkeypatch) -> Course:
    """A copy of the tiny course for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return load_course(tmp_path)


def write(path: Path, notebook) -> Path:
    """Write a notebook as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


def submission(course: Course, student: str, **sources: str) -> Path:
    """A submitted notebook whose cells named in ``sources`` were edited."""
    notebook = released()
    for made in notebook["cells"]:
        made["source"] = sources.get(made["metadata"]["nbgrader"]["grade_id"], made["source"])
    return write(Folders(course).submitted / student / "relu" / "relu.ipynb", notebook)
