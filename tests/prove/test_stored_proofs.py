"""The stored proofs of the course's own units: fresh, and a random 5 % comes out the same."""

import pytest

from autograder.course import load_course
from autograder.prove import check_stored

COURSE = load_course()


@pytest.mark.parametrize(
    "unit", [unit for unit in COURSE.units if unit.grader.is_file()], ids=lambda unit: unit.name
)
def test_stored_proof_holds(unit):
    """After a change of a unit or of the judge, 'make prove' has to be run again."""
    assert check_stored(COURSE, unit) == []
