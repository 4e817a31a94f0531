"""What is still the stub, by the text of cells and by what functions do."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.notebook import Release, Submission, names_left, read_release, read_submission, tasks_left
from autograder.notebook.stubs_left import is_stub, only_raises
from tests.support import code, small_release, solved_small, write


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "release"
    folder.mkdir()
    return read_release(write(folder, small_release(), "small.ipynb"))


def read(content, folder: Path, release: Release) -> Submission:
    return read_submission(write(folder, content), release)


def test_what_was_released_is_left_and_what_is_solved_is_not(tmp_path, release):
    """Both ways of looking agree on a notebook as it was received, and on a solved one."""
    fresh, solved = (read(content, tmp_path, release) for content in (small_release(), solved_small()))
    assert tasks_left(fresh, release) == ("double", "Layer")
    assert names_left(fresh, release) == {"double": ("double",), "Layer": ("Layer.forward",)}
    assert tasks_left(solved, release) == ()
    assert names_left(solved, release) == {}


def test_a_task_in_another_cell_is_not_left(tmp_path, release):
    """The last definition of a name decides, as when the notebook is run."""
    content = small_release()
    content["cells"].append(code("def double(x):\n    return 2 * x"))
    submission = read(content, tmp_path, release)
    assert "double" not in names_left(submission, release)
    assert tasks_left(submission, release) == ("Layer",)


def test_blanks_do_not_write_a_task(tmp_path, release):
    """What an editor changes on its own is no work, and neither is an emptied cell."""
    (stub,) = [cell for cell in release.cells if cell.task == "double"]
    same = "\n\n" + stub.source.replace("\n", "  \n") + "\n \n"
    assert is_stub(replace(stub, source=same), stub)
    assert is_stub(replace(stub, source=" \n\t"), stub)
    assert not is_stub(replace(stub, source=stub.source.replace("    ", "  ")), stub)
    assert not is_stub(replace(stub, source="x = 1"), None)


def test_a_cell_that_is_no_python_is_written(tmp_path, release):
    """It has an error of its own, which is told instead."""
    content = solved_small()
    (cell,) = [
        cell for cell in content["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == "double"
    ]
    cell["source"] = "def double(x:\n    raise NotImplementedError"
    submission = read(content, tmp_path, release)
    assert tasks_left(submission, release) == ()
    assert names_left(submission, release) == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise NotImplementedError", True),
        ("'''Doc.'''\n    raise NotImplementedError('later')", True),
        ("raise ValueError", False),
        ("raise ValueError('NotImplementedError')", False),
        ("x = 1\n    raise NotImplementedError", False),
        ("raise", False),
        ("'''Doc.'''", False),
    ],
)
def test_a_stub_is_recognised(body, expected):
    """Only a body that does nothing but raise NotImplementedError is a stub."""
    assert only_raises(ast.parse(f"def f():\n    {body}").body[0]) is expected
    assert only_raises(ast.parse(f"async def f():\n    {body}").body[0]) is expected
