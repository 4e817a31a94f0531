"""Several notebooks of one student: the only one with work in it is graded, and that is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.base.errors import UsageError
from autograder.course import Unit
from autograder.exchange.store.uploads import notebook_of
from autograder.export.on_gradescope import find_notebook
from autograder.notebook.finding import Found, find_submissions
from autograder.notebook.left_out import left_out
from autograder.notebook.several import stem
from tests.support import SOLUTIONS, code, markdown, notebook, place, small_release, solved_small

UNSOLVED = small_release()
ANOTHER = notebook([code("x = 1")], course={"unit": "other", "version": "v1", "tasks": {"f": ["f"]}})


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    """A unit with its release."""
    release = tmp_path / "course" / "release" / "small"
    release.mkdir(parents=True)
    (release / "small.ipynb").write_text(json.dumps(small_release()))
    return Unit("small", "Small", due="2027-01-17T12:00+00:00", hours=1, root=tmp_path / "course")


def laid_out(folder: Path, **notebooks: dict[str, Any]) -> Path:
    """Notebooks below a folder; ``__`` stands for a slash, ``_dot_`` for a point."""
    for name, content in notebooks.items():
        path = folder / "in" / f"{name.replace('__', '/').replace('_dot_', '.')}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder / "in"


def half_solved() -> dict[str, Any]:
    content = small_release()
    content["cells"][place(content, "double")]["source"] = SOLUTIONS["double"]
    return content


def test_a_copy_with_the_work_counts_where_the_other_is_as_released(unit: Unit, tmp_path: Path) -> None:
    """Jupyter's Duplicate: the student went on in the copy."""
    folder = laid_out(tmp_path, **{"a__small__small": UNSOLVED, "a__small__small-Copy1": solved_small()})
    (found,) = find_submissions([folder], unit)
    assert found.path.name == "small-Copy1.ipynb" and not found.wrong
    assert found.note == "small.ipynb is as it was released; small-Copy1.ipynb, which is not, was graded"
    assert left_out([folder], unit, [found]) == []


def test_the_unit_s_name_counts_where_both_have_work_in_them(unit: Unit, tmp_path: Path) -> None:
    """As it did; the other is named."""
    folder = laid_out(tmp_path, **{"a__small__small": half_solved(), "a__small__small-Copy1": solved_small()})
    (found,) = find_submissions([folder], unit)
    assert found.path.name == "small.ipynb"
    assert found.note == "small-Copy1.ipynb lies beside small.ipynb and was not graded"


def test_a_copy_that_is_as_released_is_no_matter(unit: Unit, tmp_path: Path) -> None:
    """The work is where it should be: nothing needs to be said."""
    folder = laid_out(tmp_path, **{"a__small__small": half_solved(), "a__small__original": UNSOLVED})
    assert find_submissions([folder], unit) == [Found("a", folder / "a" / "small" / "small.ipynb")]


@pytest.mark.parametrize("work", [code("scratch = 1"), markdown("My answer.")])
def test_whatever_was_written_is_work(work: dict[str, Any], unit: Unit, tmp_path: Path) -> None:
    """An own cell or an answer, too; blank cells and outputs are none."""
    written, blank = small_release(), small_release()
    written["cells"].append(work)
    blank["cells"] += [code("  \n"), code("")]
    blank["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "2"}]
    folder = laid_out(tmp_path, **{"a__small__one": blank, "a__small__two": written})
    (found,) = find_submissions([folder], unit)
    assert found.path.name == "two.ipynb" and "one.ipynb is as it was released" in found.note


@pytest.mark.parametrize("other", [half_solved(), ANOTHER, {"cells": "cut off"}])
def test_where_it_is_not_clear_both_are_named(other: dict[str, Any], unit: Unit, tmp_path: Path) -> None:
    """Two with work in them, another unit's, or what is no notebook: refused, with both names."""
    folder = laid_out(tmp_path, **{"a__small__one": solved_small(), "a__small__two": other})
    (found,) = find_submissions([folder], unit)
    assert "2 notebooks (one.ipynb, two.ipynb) and none is called small.ipynb" in found.wrong


def test_two_files_of_a_flat_download(unit: Unit, tmp_path: Path) -> None:
    """Canvas keeps what a browser named anew; with work in both nobody is graded by guess."""
    names = "doejane_12_34_small", "doejane_12_35_small-1"
    folder = laid_out(tmp_path, **{names[0]: UNSOLVED, names[1]: solved_small()})
    (found,) = find_submissions([folder], unit)
    assert (found.student, found.path.name) == ("doejane", f"{names[1]}.ipynb")
    assert f"{names[0]}.ipynb is as it was released" in found.note
    laid_out(tmp_path, **{names[0]: half_solved()})
    with pytest.raises(UsageError, match=rf"doejane has more than one submission: .*{names[0]}.*{names[1]}"):
        find_submissions([folder], unit)


def test_gradescope_takes_the_one_with_work_in_it(unit: Unit, tmp_path: Path) -> None:
    """Of what lies in the folder of a submission there."""
    folder = laid_out(tmp_path, **{"small": UNSOLVED, "small-Copy1": solved_small()})
    assert find_notebook(folder, unit).name == "small-Copy1.ipynb"
    laid_out(tmp_path, small=half_solved())
    assert find_notebook(folder, unit).name == "small.ipynb"


@pytest.mark.parametrize("ending", ["ipynb.txt", "ipynb.json", "IPYNB.TXT"])
def test_a_notebook_with_an_ending_that_a_browser_added(ending: str, unit: Unit, tmp_path: Path) -> None:
    """Safari and Windows append what they take the file for: it is a notebook in every layout."""
    folder = tmp_path / "in"
    for name in (f"a/small/small.{ending}", f"Jane Doe_12_assignsubmission_file_/my {ending}.{ending}"):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(solved_small()))
    assert [item.student for item in find_submissions([folder], unit)] == ["Jane Doe", "a"]
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in ("roerick_1_2_small", "student-001"):
        (flat / f"{name}.{ending}").write_text("{}")
    assert [item.student for item in find_submissions([flat], unit)] == ["roerick", "student-001"]
    assert [item.student for item in find_submissions([flat / f"student-001.{ending}"], unit)] == [
        "student-001"
    ]
    assert find_notebook(folder / "a" / "small", unit).name == f"small.{ending}"
    assert notebook_of([f"small.{ending}", "data.json", "notes.txt"], "small") == f"small.{ending}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.ipynb", "a"), ("a.b.ipynb.txt", "a.b"), ("a.ipynb.json", "a"), ("a.py", "a"), ("a", "a")],
)
def test_the_name_without_its_ending(name: str, expected: str) -> None:
    """What stands for a student in a flat folder."""
    assert stem(name) == expected
