"""Every master notebook runs from top to bottom with the reference, within a minute."""

from __future__ import annotations

import pytest

from autograder.course import load_course
from tests.solutions.masters import ran
from tests.support import ROOT

MINUTE = 60.0  # seconds of processor time, whatever else the machine does
UNITS = [unit.name for unit in load_course(ROOT).units if unit.folder.is_dir()]
EACH = [pytest.param(unit, marks=pytest.mark.xdist_group(f"master-{unit}")) for unit in UNITS]


@pytest.mark.slow
@pytest.mark.parametrize("unit", EACH)
def test_the_master_runs_with_the_reference(unit: str) -> None:
    """On one core; where a cell raises, so does this."""
    assert ran(unit).seconds < MINUTE
