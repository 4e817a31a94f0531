"""Laws: each must hold for the right thing and fail for the wrong one."""

import re

import numpy as np
import pytest

from autograder.checks.compare import Difference
from autograder.checks.laws import (
    assert_adjoint,
    assert_close,
    assert_dtype,
    assert_gradient,
    assert_unchanged,
)
from autograder.inside.wire import HandleRef
from autograder.student import StudentFault
from tests.student.subjects import here


def cube(x):
    return x**3


@pytest.mark.parametrize("seed", range(5))
def test_gradient_law_accepts_the_derivative_and_rejects_others(seed):
    """A wrong factor, a lost upstream gradient, a transposed one, a single wrong entry."""
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(size=(3, 4)) + 2, rng.normal(size=(3, 4))
    right = 3 * x**2 * dout
    assert_gradient(cube, x, right, dout, rng)
    spoiled = right.copy()
    spoiled[1, 2] += 0.1
    for wrong in (2 * right, -right, 3 * x**2, right[::-1], spoiled):
        with pytest.raises(Difference, match="not the derivative"):
            assert_gradient(cube, x, wrong, dout, rng)
    with pytest.raises(Difference, match="shape"):
        assert_gradient(cube, x, right.T, dout, rng)


def test_gradient_law_refuses_nan():
    """A comparison with NaN is never true."""
    x = np.ones((2, 2))
    with pytest.raises(Difference):
        assert_gradient(cube, x, np.full((2, 2), np.nan), x, np.random.default_rng(0))


def test_laws_refuse_infinity():
    """Infinity is within any share of itself, so it has to be refused by name."""
    x, rng = np.ones((2, 2)), np.random.default_rng(0)
    claimed = np.zeros((2, 2))
    claimed[0, 0] = np.inf
    with pytest.raises(Difference):
        assert_gradient(cube, x, claimed, x, rng)
    with pytest.raises(Difference):
        assert_adjoint(np.inf, 1.0, law="<Ax, y> = <x, A'y>")
    with pytest.raises(Difference):
        assert_adjoint(1.0, np.inf, law="<Ax, y> = <x, A'y>")


def test_adjoint_law():
    """Equal to ten digits, or not."""
    assert_adjoint(1.0, 1.0 + 1e-12, law="<Ax, y> = <x, A'y>")
    with pytest.raises(Difference, match="does not hold"):
        assert_adjoint(1.0, 1.0 + 1e-6, law="<Ax, y> = <x, A'y>")
    with pytest.raises(Difference):
        assert_adjoint(float("nan"), 1.0, law="law")


def test_unchanged_and_dtype():
    """In-place changes and wrong dtypes are named."""
    assert_unchanged(np.ones(3), np.ones(3), "x")
    with pytest.raises(Difference, match="x was modified in place"):
        assert_unchanged(np.ones(3), np.zeros(3), "x")
    assert_dtype(np.ones(2, np.float32), np.float32, "out")
    with pytest.raises(Difference, match="float64; expected float32"):
        assert_dtype(np.ones(2), np.float32, "out")


LIAR = """
import numpy as np

class Liar:
    shape, size, ndim, dtype = (2, 2), 4, 2, np.dtype("float32")
    asked = 0
    def answer(self, *args, **kwargs):
        Liar.asked += 1
        return self
    __array__ = __len__ = __iter__ = __getitem__ = __float__ = __int__ = __index__ = answer
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = answer
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = __abs__ = __bool__ = detach = numpy = astype = answer
    __hash__ = None

def liar(x): return Liar()
def asked(x): return Liar.asked
"""


REFERENCE = "import numpy as np\ndef liar(x): return np.ones((2, 2))\ndef asked(x): return 0\n"


@pytest.mark.parametrize("crossed", [False, True])
def test_laws_ask_nothing_of_an_object_that_stayed_behind(crossed):
    """It could compute the right answer on request, so no arithmetic is done with it."""
    student, x, rng = here(LIAR, REFERENCE, task="liar"), np.ones((2, 2)), np.random.default_rng(0)
    came = HandleRef("Liar") if crossed else student.liar(x)
    laws = (
        lambda: assert_adjoint(1.0, came, law="law"),
        lambda: assert_adjoint(came, 1.0, law="law"),
        lambda: assert_gradient(cube, x, came, x, rng),
        lambda: assert_gradient(lambda _: came, x, x, x, rng),
        lambda: assert_gradient(cube, x, x, came, rng),
        lambda: assert_unchanged(x, came, "x"),
        lambda: assert_dtype(came, np.float32, "out"),
        lambda: assert_close(came, x),
        lambda: assert_close([came], [x]),
    )
    for law in laws:
        with pytest.raises(AssertionError, match=r"an object of (another kind came|type Liar; expected a)"):
            law()
    assert {step.kind for step in student.notes.steps} <= {"call"}
    assert student.asked(1).value == 0


SEVERAL = "import numpy as np\ndef several(x): return x, np.ones(2)\n"


def test_a_law_looks_at_a_reply():
    """What it is given may be a reply; what student code raises comes out as it is."""
    student = here(SEVERAL + "def f(x): return 2 * x\ndef fails(x): raise ValueError\n")
    assert_close(student.f(np.ones(2)), np.full(2, 2.0))
    assert_dtype(student.f(np.ones(2, np.float32)), np.float32, "out")
    assert_unchanged(np.full(2, 2.0), student.f(np.ones(2)), "x")
    assert_close(student.several(1.0), [1.0, np.ones(2)])
    with pytest.raises(Difference, match=r"out\[1\] differs"):
        assert_close(student.several(1.0), [1.0, np.zeros(2)], what="out")
    with pytest.raises(StudentFault, match="fails raised ValueError"):
        assert_close(student.fails(1), 1.0)


@pytest.mark.parametrize(
    ("shape", "told"),
    [((3, 2), "(3, 2)"), ((3, 12345), "(3, ...)"), ((0, 77), "(0, ...)"), ((1, 2, 1), "(1, 2, ...)")],
)
def test_laws_tell_no_long_shape(shape, told):
    """Its lengths could be hidden inputs."""
    x, rng = np.ones((2, 2)), np.random.default_rng(0)
    with pytest.raises(Difference, match=re.escape(f"dx has shape {told}; it must have the shape (2, 2)")):
        assert_gradient(cube, x, np.zeros(shape), x, rng)
    with pytest.raises(Difference, match=r"law does not hold: (more than 9999 values|[0-9] values) came"):
        assert_adjoint(1.0, np.zeros(shape), law="law")
