"""Public checks of activations. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "activations"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def equal(came, expected, what):
    """It has these numbers, in this shape."""
    came, expected = np.asarray(came), np.asarray(expected)
    assert came.shape == expected.shape, f"{what}: the shape must be {expected.shape}, not {came.shape}."
    assert np.allclose(came, expected, atol=1e-6), f"{what} must be {expected.tolist()}, not {came.tolist()}."


def slopes(f, x, h=1e-6):
    """The measured slope of f for each number of a row x."""
    return [(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))]


@test_case(name='"The examples of relu_backward"')
def test_the_examples_of_relu_backward(relu_forward, relu_backward):
    """The examples of relu_backward."""
    _defined(relu_forward=relu_forward, relu_backward=relu_backward)
    examples = """
    >>> _, cache = relu_forward(np.array([-2.0, 0.0, 3.0]))
    >>> relu_backward(np.array([5.0, 6.0, 7.0]), cache).tolist()
    [0.0, 0.0, 7.0]
    """
    _tried(examples, relu_forward=relu_forward, np=np, relu_backward=relu_backward)


@test_case(name='"The examples of relu_forward"')
def test_the_examples_of_relu_forward(relu_forward):
    """The examples of relu_forward."""
    _defined(relu_forward=relu_forward)
    examples = """
    >>> relu_forward(np.array([-2.0, 3.0]), slope=0.5)[0].tolist()
    [-1.0, 3.0]
    """
    _tried(examples, relu_forward=relu_forward, np=np)


@test_case(name='"The examples of sigmoid_backward"')
def test_the_examples_of_sigmoid_backward(sigmoid_backward, sigmoid_forward):
    """The examples of sigmoid_backward."""
    _defined(sigmoid_backward=sigmoid_backward, sigmoid_forward=sigmoid_forward)
    examples = """
    >>> sigmoid_backward(np.array([16.0]), sigmoid_forward(np.array([np.log(3.0)]))[1]).tolist()
    [3.0]
    """
    _tried(examples, sigmoid_backward=sigmoid_backward, np=np, sigmoid_forward=sigmoid_forward)


@test_case(name='"The examples of sigmoid_forward"')
def test_the_examples_of_sigmoid_forward(sigmoid_forward):
    """The examples of sigmoid_forward."""
    _defined(sigmoid_forward=sigmoid_forward)
    examples = """
    >>> sigmoid_forward(np.array([0.0, np.log(3.0), -1000.0]))[0].tolist()
    [0.5, 0.75, 0.0]
    """
    _tried(examples, sigmoid_forward=sigmoid_forward, np=np)


@test_case(name='"The examples of tanh_backward"')
def test_the_examples_of_tanh_backward(tanh_backward, tanh_forward):
    """The examples of tanh_backward."""
    _defined(tanh_backward=tanh_backward, tanh_forward=tanh_forward)
    examples = """
    >>> tanh_backward(np.array([100.0]), tanh_forward(np.array([np.log(2.0)]))[1]).round(6).tolist()
    [64.0]
    """
    _tried(examples, tanh_backward=tanh_backward, np=np, tanh_forward=tanh_forward)


@test_case(name='"The examples of tanh_forward"')
def test_the_examples_of_tanh_forward(tanh_forward):
    """The examples of tanh_forward."""
    _defined(tanh_forward=tanh_forward)
    examples = """
    >>> tanh_forward(np.array([0.0, np.log(2.0)]))[0].round(6).tolist()  # (2 - 1/2) / (2 + 1/2)
    [0.0, 0.6]
    """
    _tried(examples, tanh_forward=tanh_forward, np=np)


@test_case(name='"Each slope against a measured one, a leaky ReLU, and far away from 0"')
def test_activations(
    relu_forward, relu_backward, sigmoid_forward, sigmoid_backward, tanh_forward, tanh_backward
):
    """Each slope against a measured one, a leaky ReLU, and far away from 0."""
    _defined(relu_forward=relu_forward, relu_backward=relu_backward, sigmoid_forward=sigmoid_forward, sigmoid_backward=sigmoid_backward, tanh_forward=tanh_forward, tanh_backward=tanh_backward)
    x, dout = np.array([0.3, -1.2, 2.0]), np.array([1.0, 2.0, 3.0])
    for name, forward, backward in (
        ("ReLU", relu_forward, relu_backward),
        ("leaky ReLU", lambda x: relu_forward(x, 0.5), relu_backward),
        ("sigmoid", sigmoid_forward, sigmoid_backward),
        ("tanh", tanh_forward, tanh_backward),
    ):
        measured = slopes(lambda x, forward=forward: (forward(x)[0] * dout).sum(), x)
        equal(backward(dout, forward(x)[1]), measured, f"{name} at {x}, dout {dout}: dx, measured,")
    assert (dout == [1, 2, 3]).all(), "You have written into dout."
    with np.errstate(all="raise", under="ignore"):  # an overflow is an error here
        equal(sigmoid_forward(np.array([1000.0, -1000.0]))[0], [1, 0], "The sigmoid of 1000 and -1000")


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
