"""Preflight agrees with grading on messy but honest notebooks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course import load_course
from autograder.notebook import Release
from autograder.preflight import of_unit, preflight
from autograder.preflight.trial import start_strongest
from autograder.sandbox import Sandbox
from tests.honest.cases import CASES, Case
from tests.support import ROOT, solved_notebook, write

UNIT = "conv_layer"
pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def release() -> Release:
    """The committed release."""
    course = load_course(ROOT)
    return of_unit(course, course.unit(UNIT))


@pytest.fixture(scope="module")
def zygote(release: Release) -> Iterator[Sandbox]:
    """One warm process for all notebooks."""
    with start_strongest(release) as warm:
        yield warm


@pytest.fixture(scope="module")
def solved(release: Release) -> dict[str, Any]:
    """The solved notebook, with the released stubs beside it."""
    return {**solved_notebook(UNIT), "stubs": {cell.grade_id: cell.source for cell in release.cells}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_would_be_lost_is_what_grading_takes(case: Case, release, zygote, solved, tmp_path):
    """No false alarm for mess, and the task that is really broken is named."""
    content = copy.deepcopy(solved)
    case.edit(content)
    del content["stubs"]
    report = preflight(write(tmp_path, content), release, zygote=zygote)
    named = {task for task in release.tasks if any(task in sentence for sentence in report.lost)}
    assert set(case.loses) <= named | set(release.bonus), report.lost
    if not case.loses and case.loaded == "slice":
        assert report.ok, report.lost
