"""Public checks of BatchNorm. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "BatchNorm"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


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


@test_case(name='"The examples of the task"')
def test_the_examples_of_BatchNorm(BatchNorm):
    """The examples of the task."""
    _defined(BatchNorm=BatchNorm)
    examples = """
    >>> layer = BatchNorm(1, momentum=0.25, eps=0.0)
    >>> layer.forward(np.array([[1.0], [1.0], [5.0], [5.0]])).ravel().tolist()
    [-1.0, -1.0, 1.0, 1.0]
    >>> layer.running_mean.tolist(), layer.running_var.round(4).tolist()  # 0.75 * 1 + 0.25 * 16 / 3
    ([0.75], [2.0833])
    >>> layer.backward(np.array([[1.0], [0.0], [0.0], [0.0]])).ravel().tolist()
    [0.25, -0.25, 0.0, 0.0]
    """
    _tried(examples, BatchNorm=BatchNorm, np=np)


@test_case(name='"Starting values, settings, both modes, gradients that are replaced"')
def test_BatchNorm(BatchNorm):
    """Starting values, settings, both modes, gradients that are replaced."""
    _defined(BatchNorm=BatchNorm)
    layer = BatchNorm(2, momentum=0.5, eps=0.0)
    for name, value in {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}.items():
        equal(getattr(layer, name), [value, value], name)
    assert layer.training is True, "A new layer is in training."
    layer.weight, layer.bias = array([10, 1]), array([100, 0])
    equal(layer.forward(array(TWO)), [[90, -1], [90, 1], [110, -1], [110, 1]], "weight 10, bias 100: out")
    equal(layer.running_mean, [1.5, 2], "running_mean after one batch")
    for _ in range(2):
        layer.backward(array([[1, 0], [0, 0], [0, 0], [0, 2]]))
    equal(layer.weight_grad, [-1, 2], "weight_grad after two backward passes")
    equal(layer.bias_grad, [1, 2], "bias_grad after two backward passes")
    layer.eval()
    layer.running_var = array([4, 1])
    equal(layer.forward(array([[3.5, 3]])), [[110, 1]], "After eval(), one sample: out")
    equal(layer.running_mean, [1.5, 2], "After eval(): running_mean")
    layer.train()
    equal(layer.forward(array(TWO))[:, 1], [-1, 1, -1, 1], "After train(): out of the second feature")


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
