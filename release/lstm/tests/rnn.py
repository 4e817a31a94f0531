"""Public checks of rnn. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "rnn"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def numbers(shape, seed):
    """Numbers that are easy to make again."""
    return np.random.default_rng(seed).normal(size=shape)


def equal(came, expected, what):
    """An array holds these numbers, to three digits after the point."""
    assert isinstance(came, np.ndarray), f"{what} must be a NumPy array, not a {type(came).__name__}."
    expected = np.asarray(expected)
    assert came.shape == expected.shape, f"{what} must have the shape {expected.shape}, not {came.shape}."
    assert np.allclose(came, expected, atol=6e-4), f"{what} must be {expected.tolist()}, not {came.tolist()}."


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


@test_case(name='"The examples of rnn_backward"')
def test_the_examples_of_rnn_backward(rnn_forward, rnn_backward):
    """The examples of rnn_backward."""
    _defined(rnn_forward=rnn_forward, rnn_backward=rnn_backward)
    examples = """
    >>> x, one = np.array([[[np.log(2)], [np.log(3) - 0.6]]]), np.ones((1, 1))
    >>> _, cache = rnn_forward(x, np.zeros((1, 1)), one, one, np.zeros(1))
    >>> dx, dh0, dw_ih, dw_hh, db = rnn_backward(np.array([[[0.0], [1.0]]]), cache)
    >>> dx.round(4).tolist()
    [[[0.2304], [0.36]]]
    >>> dh0.round(4).item(), dw_ih.round(4).item(), dw_hh.round(4).item(), db.round(4).item()
    (0.2304, 0.3392, 0.216, 0.5904)
    """
    _tried(examples, np=np, rnn_forward=rnn_forward, rnn_backward=rnn_backward)


@test_case(name='"The examples of rnn_forward"')
def test_the_examples_of_rnn_forward(rnn_forward):
    """The examples of rnn_forward."""
    _defined(rnn_forward=rnn_forward)
    examples = """
    >>> x = np.array([[[np.log(2)], [np.log(3) - 0.6]]])
    >>> out, _ = rnn_forward(x, np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1))
    >>> out.round(4).tolist()
    [[[0.6], [0.8]]]
    """
    _tried(examples, np=np, rnn_forward=rnn_forward)


@test_case(name='"h0 and the bias, and all five gradients for losses at every step"')
def test_rnn(rnn_forward, rnn_backward):
    """h0 and the bias, and all five gradients for losses at every step."""
    _defined(rnn_forward=rnn_forward, rnn_backward=rnn_backward)
    args = [numbers((2, 3, 2), 0), *(numbers(shape, 1) for shape in ((2, 4), (4, 2), (4, 4), (4,)))]
    before = [arg.copy() for arg in args]
    out, cache = rnn_forward(*args)
    x, h, w_ih, w_hh, b = args
    for t in range(3):
        h = np.tanh(np.einsum("nd,hd->nh", x[:, t], w_ih) + np.einsum("nk,hk->nh", h, w_hh) + b)
        equal(out[:, t], h, f"h of step {t + 1}")
    dout = numbers((2, 3, 4), 2)
    is_slope(rnn_forward, rnn_backward(dout, cache), args, [dout], "x h0 w_ih w_hh b")
    for name, arg, old in zip("x h0 w_ih w_hh b".split(), args, before, strict=True):
        assert (arg == old).all(), f"You have written into {name}."


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
