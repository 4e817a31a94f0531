"""A warm grader of one unit, and the notebook that earns all of its points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course import load_course
from autograder.judge.grader import Grader
from autograder.sandbox.doctor.certificates import strongest_tier
from tests.support import ROOT, solved_notebook

UNIT = "conv_layer"


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(tmp_path_factory.mktemp("data")))
        course = load_course(ROOT)
        with Grader(course, course.unit(UNIT), strongest_tier()) as grader:
            yield grader


@pytest.fixture(scope="module")
def solved(grader: Grader) -> dict[str, Any]:
    """The solved notebook, with the released stubs beside it."""
    stubs = {cell.grade_id: cell.source for cell in grader.release.cells}
    return {**solved_notebook(UNIT), "stubs": stubs}
