"""A tiny course with one unit of two tasks and a written question, released by hand."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.base.digest import digest_of
from autograder.course import Course, load_course
from autograder.gradebook import Folders, ensure_assignment, project
from autograder.gradebook.catching_up import catch_up
from autograder.marks import open_facts, read_facts
from autograder.marks.attempts import Attempt, StoredFile
from autograder.marks.blobs import blobs_of
from autograder.marks.by_hand import POINTS, Entry, add
from autograder.marks.exceptions import Deed
from autograder.marks.files import attempt_for
from autograder.marks.graded import store
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


NOW = "2027-01-10T12:00:00+00:00"
DEED = Deed("ta-001", NOW, "looked at it")


def graded(course: Course, result: Result, path: Path | None = None) -> Attempt:
    """Note a result as the facts have it: an attempt from a file, and what grading said of it."""
    file = None
    if path is not None and (path.is_symlink() or not path.is_file()):
        path = None
    if path is not None:
        content = path.read_bytes()
        file = StoredFile("relu.ipynb", blobs_of(course).put(content), len(content))
    with open_facts(course) as database, database.write() as connection:
        attempt = attempt_for(connection, "relu", result.student, file, result.submitted)
        store(connection, attempt, replace(result, answers={"why": answer_in(path)}), NOW)
    return attempt


def answer_in(path: Path | None) -> str:
    """The digest of a submission's written answer; "" where it was left as it came."""
    try:
        cells = json.loads(path.read_text())["cells"]
        text = next(made["source"] for made in cells if made["id"] == "why").strip()
    except (AttributeError, OSError, ValueError, KeyError, TypeError, StopIteration):
        return ""
    return "" if text in ("", "Your answer") else digest_of(text)


def book(course: Course, *students: str):
    """Project these students' marks."""
    with open_facts(course) as database:
        return project(course, database, course.unit("relu"), students)


def booked(course: Course, result: Result, path: Path | None = None):
    """Note a result and project it."""
    graded(course, result, path)
    return book(course, result.student)


def caught_up(course: Course) -> list[str]:
    """What every command does at its end."""
    with open_facts(course) as database:
        return catch_up(course, database)


def by_hand(course: Course, attempt: Attempt, name: str, points: float | None, **more) -> None:
    """Points that a person gave; None takes them back."""
    entry = Entry("relu", attempt.student, attempt.id, name, more.pop("kind", POINTS), points, **more)
    with open_facts(course) as database, database.write() as connection:
        add(connection, entry, DEED)


def mark_of(course: Course, student: str = "student-001"):
    """The mark that follows from the facts."""
    with open_facts(course) as database, database.read() as connection:
        return read_facts(connection, course, course.unit("relu"), student).mark(student)
