"""The small released course that submissions are read against."""

import pytest

from autograder.course import load_course


@pytest.fixture(scope="session")
def course(little):
    """The course of tests/little, released."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        return load_course(little)
