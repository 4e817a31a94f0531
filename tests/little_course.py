"""Fixtures: the small course of tests/little, released, its warm judge, and a solved notebook."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.base.errors import SandboxFault
from autograder.course import Course, load_course
from autograder.explain import Explainer
from autograder.judge.grader import Grader
from autograder.results.result import Result
from autograder.unit.release import build, publish
from tests.needs import missing
from tests.support import LITTLE, code, place, source_of, write


@pytest.fixture(scope="session")
def little(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course, released."""
    root = shutil.copytree(LITTLE, tmp_path_factory.mktemp("little") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(root)
        publish(course, course.unit("little"), build(course, course.unit("little")))
    return course


@pytest.fixture(scope="session")
def judge(little: Course) -> Iterator[Grader]:
    """Its warm judge."""
    load_course(little.root)
    try:
        grader = Grader(little, little.unit("little"), "walled", explain=Explainer())
    except SandboxFault as fault:
        missing(str(fault))
    with grader:
        yield grader


@pytest.fixture
def here(little: Course) -> Iterator[None]:
    """``solutions`` is the small course's while a test runs."""
    paths = list(sys.path)
    load_course(little.root)
    yield
    sys.path[:] = paths


class Notebook:
    """A solved notebook, to be spoilt."""

    def __init__(self, course: Course) -> None:
        self.path = Path()  # where it was graded last
        self.content: dict[str, Any] = json.loads(course.unit("little").released_notebook.read_text())
        reference = (course.root / "solutions" / "little.py").read_text()
        for task, names in self.content["metadata"]["course"]["tasks"].items():
            self.cell(task)["source"] = "import numpy as np\n\n" + source_of(reference, tuple(names))

    def cell(self, task: str) -> dict[str, Any]:
        """The cell of a task."""
        found: dict[str, Any] = self.content["cells"][place(self.content, task)]
        return found

    def number(self, task: str) -> int:
        """Its number, as the student counts."""
        return place(self.content, task) + 1

    def above(self, task: str, source: str) -> int:
        """A cell of the student's own above that of a task; its number."""
        at = place(self.content, task)
        self.content["cells"].insert(at, code(source))
        return at + 1

    def change(self, task: str, old: str, new: str) -> Notebook:
        """Other text in the cell of a task."""
        cell = self.cell(task)
        assert cell["source"].count(old) == 1, (old, cell["source"])
        cell["source"] = cell["source"].replace(old, new)
        return self


@pytest.fixture
def solved(little: Course) -> Notebook:
    """A right notebook."""
    return Notebook(little)


@pytest.fixture
def grade(judge: Grader, here: None, tmp_path: Path) -> Callable[[Notebook], Result]:
    """Grade a notebook in the sandbox."""

    def graded(notebook: Notebook) -> Result:
        notebook.path = write(tmp_path, notebook.content)
        return judge.grade(notebook.path, "student-001")

    return graded
