"""Messy but honest notebooks are graded as if they were tidy."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.grader import Grader
from autograder.results.result import Verdict
from tests.honest.cases import CASES, Case
from tests.support import write


def messy(case: Case, solved: dict[str, Any]) -> dict[str, Any]:
    """The solved notebook after the case's edit."""
    content = copy.deepcopy(solved)
    case.edit(content)
    del content["stubs"]
    return content


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_undeserved_point_is_lost(
    case: Case, grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """Mess costs nothing; a task that is really broken costs that task only."""
    result = grader.grade(write(tmp_path, messy(case, solved)), "student-001")
    lost = {
        check.task: f"{check.id}: {check.verdict} {check.reason}"
        for check in result.checks
        if check.earned < check.points
    }
    assert set(lost) == set(case.loses), lost
    assert not result.broken
    assert result.loaded == case.loaded
    if case.healed is not None:
        assert len(result.healed) == case.healed, result.healed


def test_there_are_enough_of_them() -> None:
    """The collection is a promise: at least 30 kinds of mess."""
    assert len({case.name for case in CASES}) >= 30


@pytest.mark.parametrize("name", ["a_syntax_error_in_one_task", "an_unfinished_task"])
def test_a_broken_task_is_told(name: str, grader: Grader, solved: dict[str, Any], tmp_path: Path) -> None:
    """The verdict of the broken task says what is missing, with the student's own line."""
    (case,) = [case for case in CASES if case.name == name]
    result = grader.grade(write(tmp_path, messy(case, solved)), "student-001")
    reasons = {check.reason for check in result.checks if check.task == "bug_hunt"}
    verdicts = {check.verdict for check in result.checks if check.task == "bug_hunt"}
    assert verdicts <= {Verdict.MISSING, Verdict.ERROR}
    if name == "a_syntax_error_in_one_task":
        assert any("return x, blind sharp" in reason for reason in reasons), reasons
