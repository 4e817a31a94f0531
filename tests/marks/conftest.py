"""The tiny course of the gradebook's tests, with facts of its students."""

from tests.gradebook.conftest import built, course

__all__ = ["built", "course"]
