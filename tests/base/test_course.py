"""``solutions`` means the loaded course's, whatever was imported under that name before."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from autograder.course import load_course

CONFIG = """
from autograder.course import Course, Unit
course = Course("tiny", "Tiny", units=(Unit("relu", "ReLU", due="2030-01-01T00:00+00:00", hours=1),))
"""


def course_in(folder: Path, value: int) -> Path:
    (folder / "solutions").mkdir(parents=True)
    (folder / "course_config.py").write_text(CONFIG)
    (folder / "solutions" / "relu.py").write_text(f"VALUE = {value}\n")
    return folder


def test_each_course_has_its_own(tmp_path: Path) -> None:
    """Loading another one changes what is imported, and loading it again changes it back."""
    first, second = course_in(tmp_path / "first", 1), course_in(tmp_path / "second", 2)
    for root, value in ((first, 1), (second, 2), (first, 1)):
        load_course(root)
        from solutions import relu

        assert value == relu.VALUE


def test_python_s_own_search_for_modules_goes_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``inspect`` asks each module for its file, and torch asks ``inspect`` while it is imported."""
    monkeypatch.setattr(inspect, "_filesbymodname", {"solutions": "where another one was"})
    monkeypatch.setattr(inspect, "modulesbyfile", {})
    root = course_in(tmp_path, 1)
    load_course(root)
    code = compile("", str(root / "solutions" / "relu.py"), "exec")
    assert inspect.getmodule(code) is None  # it looks through all modules first
