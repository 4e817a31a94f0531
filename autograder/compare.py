"""For graders: ``autograder.checks.compare`` under the name that they import."""

from .checks.compare import Difference, as_array, assert_close, mismatches, tolerance

__all__ = ["Difference", "as_array", "assert_close", "mismatches", "tolerance"]
