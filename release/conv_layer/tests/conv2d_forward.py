"""Public checks of conv2d_forward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_forward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The examples of the task"')
def test_the_examples_of_conv2d_forward(conv2d_forward):
    """The examples of the task."""
    _defined(conv2d_forward=conv2d_forward)
    examples = """
    >>> x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    >>> conv2d_forward(x, w)[0].tolist()
    [[[[21.0, 32.0]]]]
    """
    _tried(examples, np=np, conv2d_forward=conv2d_forward)


@test_case(name='"One small case for each option"')
def test_conv2d_forward(conv2d_forward):
    """One small case for each option."""
    _defined(conv2d_forward=conv2d_forward)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    answer = conv2d_forward(x, w)
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    assert not np.allclose(answer[0], [12, 23]), "12 and 23: your kernel is turned round. Do not flip it."

    out = conv2d_forward(x, w, np.array([100.0]))[0]
    assert np.allclose(out, [121, 132]), f"A bias of 100 makes 121 and 132, not {out.ravel()}."

    # zeros around: 0 1 2 3 0, and rows of zeros above and below
    out = conv2d_forward(x, w, padding=1)[0]
    assert np.shape(out) == (1, 1, 3, 4), f"padding=1: shape (1, 1, 3, 4), not {np.shape(out)}."
    assert np.allclose(out[0, 0, 1], [10, 21, 32, 3]), f"padding=1: 10 21 32 3 by hand, not {out[0, 0, 1]}."
    assert np.allclose(out[0, 0, [0, 2]], 0), "padding=1: windows in the zeros above and below must give 0."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    out = conv2d_forward(row, w, stride=2)[0]
    assert np.shape(out) == (1, 1, 1, 2), f"stride=2 on five pixels: two windows, not {np.shape(out)[-1]}."
    assert np.allclose(out, [21, 43]), f"stride=2: windows (1, 2) and (3, 4), 21 and 43, not {out.ravel()}."
    column = conv2d_forward(row.reshape(1, 1, 5, 1), w.reshape(1, 1, 2, 1), stride=2)[0]
    assert np.allclose(column, [[21], [43]]), (
        f"stride=2 on a column of five pixels: 21, 43, not {column.ravel()}."
    )
    out = conv2d_forward(row, w, dilation=2)[0]
    assert np.allclose(out, [31, 42, 53]), (
        f"dilation=2: 1 meets 3, then 2 meets 4: 31 42 53, not {out.ravel()}."
    )

    whole = np.array([[[[1, 2, 3]]]])
    out = conv2d_forward(whole, np.array([[[[0.5, 0.25]]]]))[0]
    assert np.allclose(out, [1.0, 1.75]), f"A picture of whole numbers: 1.0 and 1.75, not {out.ravel()}."
    out = conv2d_forward(x.astype(np.float32), w.astype(np.float32))[0]
    assert out.dtype == np.float32, f"float32 in, float32 out; yours is {out.dtype}."

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    out = conv2d_forward(channels, mix, np.array([100.0, 200.0, 300.0]))[0]
    assert np.shape(out) == (2, 3, 1, 1), f"Two pictures, three filters: (2, 3, 1, 1), not {np.shape(out)}."
    expected = [[121, 202, 302], [143, 206, 304]]
    assert np.allclose(out[:, :, 0, 0], expected), (
        "Sum over the channels, then add the bias of the filter once."
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
