"""Public checks of q_update. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "q_update"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def same(came, wanted, message):
    """Fail with the message unless these numbers and shapes are equal."""
    came = came.detach() if isinstance(came, torch.Tensor) else came
    came, wanted = np.asarray(came, float), np.asarray(wanted, float)
    assert came.shape == wanted.shape, f"Shape {came.shape}; expected {wanted.shape}. {message}"
    assert np.allclose(came, wanted, atol=1e-3, equal_nan=True), f"{message} Yours: {came.round(3).tolist()}."


@test_case(name='"The examples of the task"')
def test_the_examples_of_q_update(q_update):
    """The examples of the task."""
    _defined(q_update=q_update)
    examples = """
    >>> q = np.array([[4.0, 0.0], [2.0, 6.0]])
    >>> q_update(q, 0, 0, 3.0, 1, False, alpha=0.5, gamma=0.5)  # target 3 + 0.5 * 6 = 6, half of the way
    array([[5., 0.],
           [2., 6.]])
    """
    _tried(examples, np=np, q_update=q_update)


@test_case(name='"The end, alpha, and the table that was given"')
def test_q_update(q_update):
    """The end, alpha, and the table that was given."""
    _defined(q_update=q_update)
    q = np.array([[4.0, 0.0], [2.0, 6.0]])
    same(q_update(q, 0, 0, 3.0, 1, True, 0.5, 0.5), [[3.5, 0], [2, 6]], "An end: from 4 half way to 3.")
    came = q_update(q, 1, 1, 1.0, 0, False, 0.25, 1.0)
    same(came, [[4, 0], [2, 5.75]], "From 6 a quarter of the way to 1 + 4.")
    same(q, [[4, 0], [2, 6]], "You have written into the table that was given.")


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
