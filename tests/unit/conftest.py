"""A private course with the softmax example, made anew for each test."""

import sys

import pytest

from autograder.unit.scaffold import new_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    """What 'course init' makes; ``sys.path`` is put back afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return new_course(tmp_path / "my-course")[0]


@pytest.fixture
def unit(course):
    """The example unit."""
    return course.unit("softmax")


@pytest.fixture
def change():
    """Replace text in a file, where it occurs exactly once."""

    def replace(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path.name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace
