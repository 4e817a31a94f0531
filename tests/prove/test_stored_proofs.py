"""The stored proofs of the course's own units: fresh, and a random sample comes out the same."""

import random

import pytest

from autograder.course import load_course
from autograder.prove import check_stored, store

COURSE = load_course()
TRAINED = {"mistakes": 5, "share": 0.01}  # of units in torch, where each subject trains; make prove tries all


@pytest.mark.parametrize(
    "unit", [unit for unit in COURSE.units if unit.grader.is_file()], ids=lambda unit: unit.name
)
def test_stored_proof_holds(unit, monkeypatch):
    """After a change of a unit or of the judge, 'make prove' has to be run again."""
    if unit.runtime == "torch":
        monkeypatch.setattr(store, "SAMPLE", TRAINED["share"])
        monkeypatch.setattr(store, "_sample", a_few)
    assert check_stored(COURSE, unit) == []


def a_few(_, stored):
    """Mistakes to be tried again."""
    return sorted(random.sample(sorted(stored["mistakes"]), TRAINED["mistakes"]))
