"""A notebook from a newer Python than the one that grades: the student and staff read why it may fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.base.python import HERE
from autograder.judge.grader import Grader
from autograder.preflight import of_unit, preflight
from autograder.results.result import Result, Verdict
from tests.honest.cases import Case, cell, change, put, take_everywhere
from tests.honest.conftest import UNIT
from tests.honest.test_honest import messy
from tests.support import write

NEWER = f"{sys.version_info[0]}.{sys.version_info[1] + 2}.1"
NOTE = f"The notebook was saved with Python {NEWER[:-2]}, and grading runs Python {HERE}, which may be why."
# No Python has this; what a newer one has and this one has not depends on where the tests run.
UNKNOWN = "new syntax of tomorrow"


def task_with_new_syntax(content: dict[str, Any]) -> None:
    cell(content, "conv_output_size")["source"] += f"\n    {UNKNOWN}"


def helper_with_new_syntax(content: dict[str, Any]) -> None:
    pad = take_everywhere(content, "_pad")
    put(content, f"{pad}\n{UNKNOWN}", before="conv2d_forward")


def import_of_a_new_name(content: dict[str, Any]) -> None:
    line = "from itertools import batched_of_tomorrow"
    change(
        content,
        "conv_output_size",
        "def conv_output_size",
        f"{line}\nconv_output_size = batched_of_tomorrow\ndef g",
    )


def saved_with(edit: Any, version: str, solved: dict[str, Any], folder: Path) -> Path:
    content = messy(Case(edit), solved)
    content["metadata"]["language_info"] = {"name": "python", "version": version}
    return write(folder, content)


def graded(edit: Any, version: str, grader: Grader, solved: dict[str, Any], folder: Path) -> Result:
    return grader.grade(saved_with(edit, version, solved, folder), "student-001")


def reasons(result: Result, task: str) -> set[str]:
    return {c.reason for c in result.checks if c.task == task and c.verdict is not Verdict.PASSED}


def test_a_syntax_error_in_a_task_names_both_versions(grader, solved, tmp_path) -> None:
    """Behind the line and what Python says of it; staff get a flag."""
    result = graded(task_with_new_syntax, NEWER, grader, solved, tmp_path)
    assert all(reason.endswith(NOTE) for reason in reasons(result, "conv_output_size"))
    (flag,) = result.flags
    assert "has a syntax error" in flag and NOTE in flag


def test_a_syntax_error_in_a_helper_cell_is_flagged(grader, solved, tmp_path) -> None:
    """The tasks fail where they use what the cell defines, and the reason names the cell."""
    result = graded(helper_with_new_syntax, NEWER, grader, solved, tmp_path)
    assert all("has a syntax error" in reason and NOTE in reason for reason in reasons(result, "im2col"))
    assert any(NOTE in flag for flag in result.flags)


def test_a_name_that_only_a_newer_python_has_is_told(grader, solved, tmp_path) -> None:
    """An import that fails here may work there."""
    result = graded(import_of_a_new_name, NEWER, grader, solved, tmp_path)
    assert any(reason.endswith(NOTE) for reason in reasons(result, "conv_output_size"))


@pytest.mark.parametrize("version", [f"{HERE}.0", "3.8.1", "", "no version"])
def test_nothing_is_said_where_the_version_is_no_reason(version, grader, solved, tmp_path) -> None:
    """An ordinary slip of the pen is told as one."""
    result = graded(task_with_new_syntax, version, grader, solved, tmp_path)
    told = (*reasons(result, "conv_output_size"), *result.flags)
    assert told and not any("Python 3" in sentence for sentence in told)


def test_preflight_says_it_too(grader, solved, tmp_path) -> None:
    """Before the notebook is handed in."""
    given = of_unit(grader.course, grader.unit)
    report = preflight(saved_with(task_with_new_syntax, NEWER, solved, tmp_path), given, zygote=grader.zygote)
    assert any(lost.endswith(NOTE) for lost in report.lost)
    report = preflight(
        saved_with(helper_with_new_syntax, NEWER, solved, tmp_path), given, zygote=grader.zygote
    )
    assert any(lost.endswith(NOTE) for lost in report.lost)


def test_preflight_of_a_newer_python_sees_what_an_older_one_refuses(grader, solved, tmp_path) -> None:
    """On the student's machine the code runs; the release says which Python grades."""
    from dataclasses import replace

    def match(content: dict[str, Any]) -> None:
        body = "\n    match size:\n        case _:\n            pass\n    reach"
        change(content, "conv_output_size", "\n    reach", body)

    given = replace(of_unit(grader.course, grader.unit), python="3.9")
    report = preflight(saved_with(match, "3.11.2", solved, tmp_path), given, zygote=grader.zygote)
    (lost,) = report.lost
    assert "conv_output_size cannot be graded" in lost and "grading runs Python 3.9" in lost
    assert report.python == (
        f"grading runs Python 3.9, and this is {HERE}: what only this one has fails there",
    )
    assert preflight(
        saved_with(match, "3.11.2", solved, tmp_path), replace(given, python=""), zygote=grader.zygote
    ).ok


def test_the_release_says_which_python_grades(grader) -> None:
    """In the first cell, in its metadata, in the requirements and beside the notebook."""
    said = grader.course.python
    release = grader.unit.release
    (setup,) = [cell.source for cell in grader.release.cells if cell.grade_id == "setup"]
    assert f"Grading runs Python {said}." in setup
    assert f"graded with Python {said}:" in (release / "requirements.txt").read_text().splitlines()[0]
    assert of_unit(grader.course, grader.unit).python == said
    assert f'"python": "{said}"' in (release / f"{UNIT}.ipynb").read_text()
