"""A fresh copy of the small course for every test; it is made and released once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.batch.warm import this_process
from autograder.course import load_course
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course

from .small import UNIT

LIMITS = """
from dataclasses import replace as _replace
from autograder.course import Limits
course = _replace(course, limits=Limits(
    call_seconds=0.5, test_seconds=3, load_seconds=1.5, whole_seconds=1.5, submission_seconds=15,
    cpu_seconds=10, memory_mib=256, notebook_mib=2,
))
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("small") / "course"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        new_course(root)
        config = root / "course_config.py"
        config.write_text(config.read_text() + LIMITS)
        course = load_course(root)
        publish(course, course.unit(UNIT), build(course, course.unit(UNIT)))
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    root = shutil.copytree(made, tmp_path / "course")
    yield root
    this_process().cool()


@pytest.fixture
def folder(root: Path) -> Path:
    """Where submissions of the copy lie."""
    return root / "submitted"
