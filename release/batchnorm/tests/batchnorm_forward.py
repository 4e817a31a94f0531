"""Public checks of batchnorm_forward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "batchnorm_forward"
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


def refused(function, *args):
    """The call raises ValueError."""
    try:
        function(*args)
    except ValueError:
        return True
    return False


@test_case(name='"The examples of the task"')
def test_the_examples_of_batchnorm_forward(batchnorm_forward):
    """The examples of the task."""
    _defined(batchnorm_forward=batchnorm_forward)
    examples = """
    >>> x = np.array([[1.0], [1.0], [5.0], [5.0]])
    >>> gamma, beta, mean, var = np.array([10.0]), np.array([100.0]), np.array([1.0]), np.array([2.0])
    >>> out, new_mean, new_var, _ = batchnorm_forward(x, gamma, beta, mean, var, True, 0.25, eps=0.0)
    >>> out.ravel().tolist()
    [90.0, 90.0, 110.0, 110.0]
    >>> new_mean.tolist(), new_var.round(4).tolist()  # 0.75 * 2 + 0.25 * 16 / 3
    ([1.5], [2.8333])
    """
    _tried(examples, np=np, batchnorm_forward=batchnorm_forward)


@test_case(name='"Features, pictures, gamma and beta, eps, running statistics, evaluation, a large mean, refusal"')
def test_batchnorm_forward(batchnorm_forward):
    """Features, pictures, gamma and beta, eps, running statistics, evaluation, a large mean, refusal."""
    _defined(batchnorm_forward=batchnorm_forward)
    x, xhat = array(TWO), [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    out, new_mean, new_var, _ = call(batchnorm_forward, x)
    equal(out, xhat, "Two features: out")
    equal(new_mean, [2, 2.5], "momentum 0.5, from 1: new_mean")
    equal(new_var, [(9 + 16 / 3) / 2, (9 + 64 / 3) / 2], "momentum 0.5, from 9: new_var")
    equal(call(batchnorm_forward, x, momentum=0.1)[1], [1.2, 1.3], "momentum 0.1, from 1: new_mean")
    assert np.array_equal(x, array(TWO)), "You have written into x."
    out, new_mean, *_ = call(batchnorm_forward, as_pictures(TWO))
    equal(out, as_pictures(xhat), "Two pictures of two channels: out")
    equal(new_mean, [2, 2.5], "Two pictures of two channels: new_mean")
    out = call(batchnorm_forward, array(HAND), eps=12.0)[0]
    equal(out, [[-0.5], [-0.5], [0.5], [0.5]], "Variance 4, eps 12: out")
    out, new_mean, new_var, _ = call(batchnorm_forward, x[:1], False, gamma=6.0, beta=5.0, eps=7.0)
    equal(out, [[5, 3.5]], "Evaluation, one sample, gamma 6, beta 5, eps 7: out")
    equal(np.stack([new_mean, new_var]), [[1, 1], [9, 9]], "Evaluation: new_mean and new_var")
    far = (1e4 + array(HAND * 50) / 5).astype(np.float32)
    out = call(batchnorm_forward, far, mean=np.float32(1))[0]
    equal(out.astype(float), np.sign(array(HAND * 50) - 3), "A mean of 10000 in float32: out", atol=0.01)
    assert refused(call, batchnorm_forward, np.zeros((1, 2))), "In training, one sample must be a ValueError."


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
