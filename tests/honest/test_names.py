"""A name is what it was where the task's check stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.judge.grader import Grader
from tests.honest.cases import Case
from tests.honest.conftest import UNIT
from tests.honest.rebinding import REBINDING
from tests.honest.running import failing_checks
from tests.honest.test_honest import messy
from tests.support import write

UNSEEN = {
    "a_check_that_was_moved",
    "a_check_that_was_deleted",
    "a_stub_above_its_solution",
    "a_stub_pasted_below",
}


@pytest.mark.parametrize("case", REBINDING, ids=lambda case: case.name)
def test_a_task_earns_what_its_check_sees(
    case: Case, grader: Grader, solved: dict[str, Any], tmp_path: Path
) -> None:
    """Full marks for every task whose check passes in Run All, whatever is bound below it."""
    content = messy(case, solved)
    if case.name not in UNSEEN:
        assert failing_checks(content, UNIT) == set(case.loses)
    result = grader.grade(write(tmp_path, content), "student-001")
    lost = {
        check.task: f"{check.id}: {check.verdict} {check.reason}"
        for check in result.checks
        if check.earned < check.points
    }
    assert set(lost) <= set(case.loses), lost
    assert result.loaded == "slice" and len(result.healed) == case.healed, result.healed
