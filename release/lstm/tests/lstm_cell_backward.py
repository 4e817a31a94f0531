"""Public checks of lstm_cell_backward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "lstm_cell_backward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def numbers(shape, seed):
    """Numbers that are easy to make again."""
    return np.random.default_rng(seed).normal(size=shape)


def is_slope(forward, grads, args, douts, names):
    """Each gradient is the measured slope along one direction, by its own argument."""
    assert len(grads) == len(args), f"Return {len(args)} gradients: {names}."
    for number, (grad, arg, name) in enumerate(zip(grads, args, names.split(), strict=True)):
        assert np.shape(grad) == arg.shape, f"d{name} must have the shape {arg.shape}, not {np.shape(grad)}."
        u, ends = numbers(arg.shape, 9), []
        for step in (1e-5, -1e-5):
            moved = [a + step * u if k == number else a for k, a in enumerate(args)]
            ends.append(sum((d * out).sum() for d, out in zip(douts, forward(*moved), strict=False)))
        measured, yours = (ends[0] - ends[1]) / 2e-5, float(np.sum(grad * u))
        assert abs(measured - yours) < 1e-5 * max(1.0, abs(measured)), (
            f"d{name}: along a direction the loss changes at the rate {measured:.4f}, yours says {yours:.4f}."
        )


@test_case(name='"The examples of the task"')
def test_the_examples_of_lstm_cell_backward(lstm_cell_forward, lstm_cell_backward):
    """The examples of the task."""
    _defined(lstm_cell_forward=lstm_cell_forward, lstm_cell_backward=lstm_cell_backward)
    examples = """
    >>> zero, w = np.zeros((1, 1)), np.zeros((4, 1))
    >>> *_, cache = lstm_cell_forward(zero, zero, zero + 2, w, w, np.zeros(4))
    >>> _, _, dc, _, _, db = lstm_cell_backward(zero + 1, zero, cache)
    >>> dc.round(3).tolist(), db.round(3).tolist()
    ([[0.105]], [0.0, 0.105, 0.105, 0.19])
    >>> lstm_cell_backward(zero, zero + 1, cache)[2].tolist()
    [[0.5]]
    """
    _tried(examples, np=np, lstm_cell_forward=lstm_cell_forward, lstm_cell_backward=lstm_cell_backward)


@test_case(name='"Each way by itself, then all six gradients against measured slopes"')
def test_lstm_cell_backward(lstm_cell_forward, lstm_cell_backward):
    """Each way by itself, then all six gradients against measured slopes."""
    _defined(lstm_cell_forward=lstm_cell_forward, lstm_cell_backward=lstm_cell_backward)
    args = [numbers((2, 3), 0)] + [numbers(shape, 1) for shape in ((2, 4), (2, 4), (16, 3), (16, 4), (16,))]
    for dh, dc in ((1, 0), (0, 1), (1, 1)):
        douts = [dh * numbers((2, 4), 2), dc * numbers((2, 4), 3)]
        grads = lstm_cell_backward(*douts, lstm_cell_forward(*args)[2])
        is_slope(lstm_cell_forward, grads, args, douts, "x h c w_ih w_hh b")


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
