"""For graders: ``autograder.checks.laws`` under the name that they import."""

from .checks.laws import assert_adjoint, assert_dtype, assert_gradient, assert_unchanged

__all__ = ["assert_adjoint", "assert_dtype", "assert_gradient", "assert_unchanged"]
