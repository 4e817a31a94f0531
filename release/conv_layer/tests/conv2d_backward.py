"""Public checks of conv2d_backward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_backward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The examples of the task"')
def test_the_examples_of_conv2d_backward(conv2d_forward, conv2d_backward):
    """The examples of the task."""
    _defined(conv2d_forward=conv2d_forward, conv2d_backward=conv2d_backward)
    examples = """
    >>> x, w, b = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]]), np.zeros(1)
    >>> out, cache = conv2d_forward(x, w, b)
    >>> dx, dw, db = conv2d_backward(np.array([[[[1.0, 2.0]]]]), cache)
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[[[1.0, 12.0, 20.0]]]], [[[[5.0, 8.0]]]], [3.0])
    """
    _tried(examples, np=np, conv2d_forward=conv2d_forward, conv2d_backward=conv2d_backward)


@test_case(name='"Stride, padding and several pictures"')
def test_conv2d_backward(conv2d_forward, conv2d_backward):
    """Stride, padding and several pictures."""
    _defined(conv2d_forward=conv2d_forward, conv2d_backward=conv2d_backward)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    dout = np.array([[[[1.0, 2.0]]]])
    answer = conv2d_backward(dout, conv2d_forward(x, w, np.zeros(1))[1])
    assert isinstance(answer, (tuple, list)) and len(answer) == 3, "Return three things: dx, dw and db."
    assert conv2d_backward(dout, conv2d_forward(x, w)[1])[2] is None, "Without a bias, db is None."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    dx, dw, _ = conv2d_backward(dout, conv2d_forward(row, w, stride=2)[1])
    assert np.shape(dx) == row.shape, f"stride=2: dx must have the shape of x, not {np.shape(dx)}."
    assert np.allclose(dx, [1, 10, 2, 20, 0]), f"stride=2: dx is 1 10 2 20 0 by hand, not {dx.ravel()}."
    assert np.allclose(dw, [7, 10]), f"stride=2: dw is 1*1 + 2*3 and 1*2 + 2*4 by hand, not {dw.ravel()}."

    out, cache = conv2d_forward(x, w, padding=1)
    dx, dw, _ = conv2d_backward(np.ones_like(out), cache)
    assert np.shape(dx) == x.shape, (
        f"padding=1: dx has no border, its shape is {x.shape}, not {np.shape(dx)}."
    )
    assert np.allclose(dx, 11), (
        f"padding=1: each pixel is met by the 1 and by the 10, so 11, not {dx.ravel()}."
    )
    assert np.allclose(dw, 6), (
        f"padding=1: 1 and 10 both meet all three pixels, so 6 and 6, not {dw.ravel()}."
    )

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    upstream = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])[:, :, None, None]
    dx, dw, db = conv2d_backward(upstream, conv2d_forward(channels, mix, np.zeros(3))[1])
    assert np.allclose(dx[:, :, 0, 0], [[1, 12], [2, 1]]), "dx: sum over the filters, for each picture."
    assert np.allclose(dw[:, :, 0, 0], [[1, 2], [3, 4], [5, 8]]), (
        "dw: sum over the pictures, for each filter."
    )
    assert np.allclose(db, [1, 1, 3]), "db: sum over the pictures and pixels, for each filter."

    notebook, calls = getattr(conv2d_backward, "__globals__", {}), []
    out, cache = conv2d_forward(np.ones((1, 1, 6, 6)), np.ones((1, 1, 3, 3)))
    notebook["conv2d_forward"] = lambda *args, **kwargs: calls.append(args) or conv2d_forward(*args, **kwargs)
    try:
        conv2d_backward(np.ones_like(out), cache)
    finally:
        notebook["conv2d_forward"] = conv2d_forward
    assert len(calls) < 9, (
        f"The backward pass runs {len(calls)} forward passes. Go back window by window instead."
    )


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
