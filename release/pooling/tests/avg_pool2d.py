"""Public checks of avg_pool2d. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "avg_pool2d"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


HAND = ((1.0, 5.0, 2.0), (3.0, 4.0, 0.0), (6.0, 0.0, 1.0))


SEVERAL = np.arange(16.0).reshape(2, 2, 2, 2)


def picture(rows):
    """One picture with one channel."""
    return np.array(rows, dtype=float)[None, None]


def equal(came, rows, what):
    """An array of one picture and one channel holds these rows."""
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    rows = picture(rows)
    assert came.shape == rows.shape, f"{what} must have the shape {rows.shape}, not {came.shape}."
    assert np.allclose(came, rows), f"{what} must be {rows[0, 0].tolist()}, not {came[0, 0].tolist()}."


def two_things(answer):
    """out and cache."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    return answer


@test_case(name='"The examples of avg_pool2d_backward"')
def test_the_examples_of_avg_pool2d_backward(avg_pool2d_forward, avg_pool2d_backward):
    """The examples of avg_pool2d_backward."""
    _defined(avg_pool2d_forward=avg_pool2d_forward, avg_pool2d_backward=avg_pool2d_backward)
    examples = """
    >>> _, cache = avg_pool2d_forward(np.zeros((1, 1, 3, 3)), 2, stride=1)
    >>> avg_pool2d_backward(np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), cache).tolist()
    [[[[1.0, 3.0, 2.0], [4.0, 10.0, 6.0], [3.0, 7.0, 4.0]]]]
    """
    _tried(examples, avg_pool2d_forward=avg_pool2d_forward, np=np, avg_pool2d_backward=avg_pool2d_backward)


@test_case(name='"The examples of avg_pool2d_forward"')
def test_the_examples_of_avg_pool2d_forward(avg_pool2d_forward):
    """The examples of avg_pool2d_forward."""
    _defined(avg_pool2d_forward=avg_pool2d_forward)
    examples = """
    >>> x = np.array([[[[1.0, 5.0, 2.0], [3.0, 4.0, 0.0], [6.0, 0.0, 1.0]]]])
    >>> avg_pool2d_forward(x, 2, stride=1)[0].tolist()
    [[[[3.25, 2.75], [3.25, 1.25]]]]
    """
    _tried(examples, np=np, avg_pool2d_forward=avg_pool2d_forward)


@test_case(name='"Means and shares, with overlap, padding, a remainder, channels and pictures"')
def test_avg_pool2d(avg_pool2d_forward, avg_pool2d_backward):
    """Means and shares, with overlap, padding, a remainder, channels and pictures."""
    _defined(avg_pool2d_forward=avg_pool2d_forward, avg_pool2d_backward=avg_pool2d_backward)

    def shares(shape, dout, *settings):
        return avg_pool2d_backward(picture(dout), avg_pool2d_forward(np.ones((1, 1, *shape)), *settings)[1])

    out = two_things(avg_pool2d_forward(picture(HAND), 2, 1))[0]
    equal(out, [[3.25, 2.75], [3.25, 1.25]], "Windows of 2, stride 1: out")
    equal(avg_pool2d_forward(picture(HAND), 2)[0], [[3.25]], "Windows of 2, side by side: out")
    ones = avg_pool2d_forward(np.ones((1, 1, 2, 2)), 2, 1, 1)[0]
    equal(ones, [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]], "2 x 2 ones, padding 1: out")
    equal(shares((3, 3), [[9]], 3), np.ones((3, 3)), "One window of 3, dout 9: dx")
    dx = shares((3, 3), [[4, 8], [12, 16]], 2, 1)
    equal(dx, [[1, 3, 2], [4, 10, 6], [3, 7, 4]], "Overlapping windows: dx")
    equal(shares((2, 2), [[4, 8], [12, 16]], 2, 2, 1), [[1, 2], [3, 4]], "Padding 1: dx")
    out, cache = avg_pool2d_forward(SEVERAL, 2)
    assert np.allclose(out.ravel(), [1.5, 5.5, 9.5, 13.5]), "Each channel of each picture has its own mean."
    assert np.allclose(avg_pool2d_backward(out, cache), out / 4), "Each pixel gets a quarter of its window's."


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
