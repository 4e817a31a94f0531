"""The tiny course of the gradebook's tests, without its gradebook, and another place for it."""

from pathlib import Path

import pytest

from autograder.course import Course, load_course
from tests.gradebook.conftest import CONFIG, released, write


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The course with its unit's release."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tiny(tmp_path)


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same course on another machine, without data."""
    return tiny(tmp_path_factory.mktemp("other"))


def tiny(root: Path) -> Course:
    """One unit of two tasks and a written question."""
    (root / "course_config.py").write_text(CONFIG)
    course = load_course(root)
    write(course.unit("relu").released_notebook, released())
    return course


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
