"""Submissions keep the verdicts that they had when the sample was frozen.

A part of the sample is graded each time, the same part; all of it with FROZEN=all in the environment.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.judge.grader import Grader
from tests.attacks.judges import judging
from tests.frozen.comparing import Difference, differences, read_changes, unexplained
from tests.frozen.sample import UNITS, furnish, read_sample
from tests.support import ROOT, write

SAMPLES = {unit: read_sample(unit) for unit in UNITS}
CHANGES = read_changes()
ALL = os.environ.get("FROZEN") == "all"
PART = 12  # submissions of a unit
# A unit's submissions go to one process, where its grader is started once.
GROUP = {unit: pytest.mark.xdist_group(f"frozen-{unit}") for unit in UNITS}


def chosen(unit: str) -> list[str]:
    """The submissions that are graded: all of them, or always the same few."""
    names = list(SAMPLES[unit])
    return names if ALL else ["reference", "stub", *random.Random(unit).sample(names[2:], PART - 2)]


def submissions() -> list[object]:
    """Each as the parameters of a test."""
    return [
        pytest.param(unit, name, marks=GROUP[unit], id=f"{unit}-{name}")
        for unit in UNITS
        for name in chosen(unit)
    ]


@pytest.fixture(scope="module")
def grader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """The judge of a unit, with the secret and the release that the sample was graded with."""
    unit, data = request.param, tmp_path_factory.mktemp("data")
    furnish(data, unit, SAMPLES[unit]["stub"].notebook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_DATA", str(data))
        with judging(ROOT, unit=unit) as grader:
            yield grader


def found(grader: Grader, name: str, folder: Path) -> list[Difference]:
    """How the verdicts of a submission differ from the frozen ones, wanted or not."""
    before = SAMPLES[grader.unit.name][name]
    now = grader.grade(write(folder, before.notebook), before.student)
    differing = differences(name, before, now)
    if not differing:
        assert (now.score, now.bonus) == (before.score, before.bonus)
    return differing


@pytest.mark.sandbox
@pytest.mark.parametrize(("grader", "name"), submissions(), indirect=["grader"], scope="module")
def test_verdicts_are_the_frozen_ones(grader: Grader, name: str, tmp_path: Path) -> None:
    """Every check ends as it did and earns what it did, but where a listed change says otherwise."""
    unwanted = [each for each in found(grader, name, tmp_path) if not any(c.explains(each) for c in CHANGES)]
    assert unwanted == []


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "grader", [pytest.param(unit, marks=GROUP[unit], id=unit) for unit in UNITS], indirect=True
)
def test_listed_changes_are_seen(grader: Grader, tmp_path: Path) -> None:
    """A change that no submission shows any more is taken off the list."""
    for change in (each for each in CHANGES if each.unit == grader.unit.name):
        names = change.submissions or SAMPLES[change.unit]
        assert any(change.explains(each) for name in names for each in found(grader, name, tmp_path)), change


def test_listed_changes_stand_in_the_changelog() -> None:
    """The reason of every listed change is told under Marks."""
    assert unexplained(CHANGES, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) == []
