"""What a grader says: words for what is right, comparisons, laws, drawn inputs."""

from . import chance
from .compare import Difference, as_array, assert_close
from .draws import Draw
from .expect import close, dtype, obeys, raises, right, unchanged, within
from .laws import assert_adjoint, assert_dtype, assert_gradient, assert_unchanged
from .spies import heard, spy
from .torch_modules import fill, gradients, parameters
from .work import counted

# Modules of this package that other packages import.
FACE = ("compare", "draws", "expectations", "kinds", "laws", "structure", "work")

__all__ = [
    "Difference",
    "Draw",
    "as_array",
    "assert_adjoint",
    "assert_close",
    "assert_dtype",
    "assert_gradient",
    "assert_unchanged",
    "chance",
    "close",
    "counted",
    "dtype",
    "fill",
    "gradients",
    "heard",
    "obeys",
    "parameters",
    "raises",
    "right",
    "spy",
    "unchanged",
    "within",
]
