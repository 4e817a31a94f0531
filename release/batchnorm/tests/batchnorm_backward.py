"""Public checks of batchnorm_backward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "batchnorm_backward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


HAND = ((1.0,), (1.0,), (5.0,), (5.0,))


TWO = ((1.0, 0.0), (1.0, 8.0), (5.0, 0.0), (5.0, 8.0))  # means 3 and 4, variances 4 and 16


def array(rows):
    """Floats."""
    return np.array(rows, dtype=float)


def equal(came, wanted, what, atol=1e-6):
    """An array of this shape with these numbers."""
    wanted = array(wanted)
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    assert came.shape == wanted.shape, f"{what} must have the shape {wanted.shape}, not {came.shape}."
    near = np.allclose(came, wanted, atol=atol)
    assert near, f"{what} must be {wanted.round(3).tolist()}, not {came.round(3).tolist()}."


def as_pictures(rows):
    """Four rows as two pictures of 1 x 2 pixels; a column is a channel."""
    return array(rows).reshape(2, 1, 2, -1).transpose(0, 3, 1, 2)


def call(forward, x, training=True, momentum=0.5, eps=0.0, gamma=1.0, beta=0.0, mean=1.0, var=9.0):
    """Settings that are the same for all features."""
    settings = (np.full(x.shape[1], value) for value in (gamma, beta, mean, var))
    answer = forward(x, *settings, training, momentum, eps)
    four = isinstance(answer, (tuple, list)) and len(answer) == 4
    assert four, "batchnorm_forward must return four things: out, new_mean, new_var and cache."
    return answer


@test_case(name='"The examples of the task"')
def test_the_examples_of_batchnorm_backward(batchnorm_forward, batchnorm_backward):
    """The examples of the task."""
    _defined(batchnorm_forward=batchnorm_forward, batchnorm_backward=batchnorm_backward)
    examples = """
    >>> x = np.array([[1.0], [1.0], [5.0], [5.0]])
    >>> gamma, beta, mean, var = np.array([10.0]), np.array([100.0]), np.array([1.0]), np.array([2.0])
    >>> *_, cache = batchnorm_forward(x, gamma, beta, mean, var, True, eps=0.0)
    >>> dx, dgamma, dbeta = batchnorm_backward(np.array([[1.0], [0.0], [0.0], [0.0]]), cache)
    >>> dx.ravel().tolist(), dgamma.tolist(), dbeta.tolist()
    ([2.5, -2.5, 0.0, 0.0], [-1.0], [1.0])
    """
    _tried(examples, np=np, batchnorm_forward=batchnorm_forward, batchnorm_backward=batchnorm_backward)


@test_case(name='"Each path by itself, pictures, gamma, evaluation, sums"')
def test_batchnorm_backward(batchnorm_forward, batchnorm_backward):
    """Each path by itself, pictures, gamma, evaluation, sums."""
    _defined(batchnorm_forward=batchnorm_forward, batchnorm_backward=batchnorm_backward)

    def sent(dout, x=HAND, **settings):
        dout, x = array(dout), array(x)
        given = dout.copy()
        answer = batchnorm_backward(dout, call(batchnorm_forward, x, **settings)[3])
        assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return dx, dgamma and dbeta."
        assert np.array_equal(dout, given), "You have written into dout."
        return answer

    dx, dgamma, dbeta = sent([[4], [-4], [0], [0]])
    equal(dx, [[2], [-2], [0], [0]], "dout (4, -4, 0, 0), the direct path alone: dx")
    equal(sent([[4], [-4], [0], [0]], gamma=3.0)[0], [[6], [-6], [0], [0]], "The same with gamma 3: dx")
    equal(sent([[4], [-4], [0], [0]], eps=12.0)[0], [[1], [-1], [0], [0]], "The same with eps 12: dx")
    equal(sent([[4], [0], [4], [0]])[0], [[1], [-1], [1], [-1]], "dout (4, 0, 4, 0), with the mean: dx")
    equal(sent([[4], [0], [0], [-4]])[0], [[1], [-1], [1], [-1]], "dout (4, 0, 0, -4), with the variance: dx")
    dx, dgamma, dbeta = sent([[4], [0], [0], [0]], training=False)
    equal(dx, [[4 / 3], [0], [0], [0]], "Evaluation, running variance 9, dout (4, 0, 0, 0): dx")
    dout, x = as_pictures([[4, 0], [0, 0], [0, 0], [0, 8]]), as_pictures(TWO)
    dx, dgamma, dbeta = sent(dout, x)
    equal(dx, as_pictures([[1, 0], [-1, -1], [0, 0], [0, 1]]), "Two pictures of two channels: dx")
    equal(dgamma, [-4, 8], "Two pictures of two channels: dgamma")
    equal(dbeta, [4, 8], "Two pictures of two channels: dbeta")


# How the examples are tried.


class _Shown(doctest.OutputChecker):
    """Compares what an example shows as a reader would; ``notes`` has what is right but for its type."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Whether the last lines are what the text says; what it says nothing of may be anything."""
        last = "".join(got.splitlines(keepends=True)[-len(want.splitlines()) :]) if want else ""
        if super().check_output(want, last, optionflags) or _agree(last, want):
            return True
        right = _agree(_untyped(last, want), _untyped(want, want), loosely=True)
        if right:
            came, asked = (" ".join(text.split())[:80] for text in (last, want))
            self.notes.append(
                f"Note: {came} has the right numbers, and the task asks for another type: {asked}"
            )
        return right


def _tried(examples: str, /, **names: object) -> None:
    """Try examples with these names of the notebook; the first that shows something else says so."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    test = doctest.DocTestParser().get_doctest(examples, dict(names), "examples", None, 0)
    checker = _Shown()
    try:
        with _usual_printing():
            doctest.DebugRunner(checker, verbose=False, optionflags=flags).run(test)
        print(*checker.notes, sep="\n", end="\n" if checker.notes else "")
    except doctest.DocTestFailure as failure:
        got, want = (text.rstrip("\n") for text in (failure.got, failure.example.want))
        if failure.example.exc_msg or got.startswith("Traceback"):
            got, want = (text.rpartition("\n")[2] for text in (got, want))
        asked = failure.example.source.rstrip("\n")
        raise AssertionError(f"{asked}\ngives {got or 'nothing'}\nbut it is   {want}") from None
    except doctest.UnexpectedException as failure:
        raise failure.exc_info[1] from None


def _usual_printing() -> contextlib.AbstractContextManager[object]:
    """NumPy's own print options, whatever the notebook has set."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return contextlib.nullcontext()
    digits = {"precision": 8, "floatmode": "maxprec", "suppress": False, "sign": "-", "formatter": None}
    options = {**digits, "edgeitems": 3, "threshold": 1000, "linewidth": 75, "legacy": False}
    found: contextlib.AbstractContextManager[object] = numpy.printoptions(**options)
    return found


def _agree(got: str, want: str, loosely: bool = False) -> bool:
    """Whether two printed values hold the same text and, beside rounding, the same numbers."""
    (got_words, got_numbers), (words, numbers) = _taken_apart(got), _taken_apart(want)
    near = all(_near(mine, other, loosely) for mine, other in zip(got_numbers, numbers, strict=False))
    return got_words == words and near


def _untyped(text: str, asked: str) -> str:
    """A printed value without what tells its type; arrays and tensors stay where they are asked for."""
    text = re.sub(r",\s*(?:dtype|grad_fn|requires_grad|device)=[^(),\[\]]*", "", text)
    for word in ("tensor", "array"):
        if f"{word}(" not in asked:
            text = re.sub(rf"\b{word}\(([^()]*)\)", r"\1", text)
    return re.sub(r",\s*\]", "]", text.replace("(", "[").replace(")", "]"))


def _taken_apart(text: str) -> tuple[list[str], list[str]]:
    """The words and the numbers of a printed value, without the names of NumPy's scalar types."""
    plain = re.sub(r"\bnp\.(True|False)_", r"\1", re.sub(r"\bnp\.\w+\(([^()]*)\)", r"\1", text))
    plain = re.sub(r"\s*([\[\](),])\s*", r"\1", " ".join(plain.split()))  # columns are aligned
    parts = re.split(r"(?<![\w.])([-+]?\d+\.?\d*(?:e[-+]?\d+)?)", plain)
    return parts[::2], parts[1::2]


def _near(got: str, want: str, loosely: bool) -> bool:
    """Whether two printed numbers are equal up to rounding; strictly, a whole number is none with a point."""
    if not loosely and ("." in got or "e" in got) != ("." in want or "e" in want):
        return False
    last = max(_last_digit(got), _last_digit(want))  # both were rounded for printing
    return math.isclose(float(got), float(want), rel_tol=1e-6, abs_tol=max(last, 1e-9))


def _last_digit(number: str) -> float:
    """What one more in the last digit is worth; nothing where so few are shown that it was not rounded."""
    digits, _, exponent = number.partition("e")
    decimals = len(digits.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals) if decimals > 2 else 0.0
