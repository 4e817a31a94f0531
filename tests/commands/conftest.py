"""The small course of tests/batch, for commands in processes of their own."""

import shutil
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.gradebook import ensure_assignment
from tests.batch.conftest import folder, root
from tests.batch.conftest import made as without_gradebook
from tests.batch.small import UNIT

__all__ = ["folder", "made", "root", "without_gradebook"]


@pytest.fixture(scope="session")
def made(without_gradebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unit stands in the gradebook already: nbgrader takes seconds to make both."""
    made = shutil.copytree(without_gradebook, tmp_path_factory.mktemp("booked") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(made)
        ensure_assignment(course, course.unit(UNIT))
    return made
