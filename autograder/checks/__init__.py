"""What a grader says: words for what is right, comparisons, laws, drawn inputs."""

from .compare import Difference, as_array, assert_close
from .draws import Draw
from .expect import close, dtype, raises, right, unchanged, within
from .laws import assert_adjoint, assert_dtype, assert_gradient, assert_unchanged

__all__ = [
    "Difference",
    "Draw",
    "as_array",
    "assert_adjoint",
    "assert_close",
    "assert_dtype",
    "assert_gradient",
    "assert_unchanged",
    "close",
    "dtype",
    "raises",
    "right",
    "unchanged",
    "within",
]
