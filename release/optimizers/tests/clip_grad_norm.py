"""Public checks of clip_grad_norm. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "clip_grad_norm"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def clip(clip_grad_norm, size, max_norm, by_hand, **options):
    """Gradients 3 and 4, times ``size``, are multiplied by this factor, in place; 5 is their length."""
    a, b = np.array([3.0 * size]), np.array([[4.0 * size]])
    length = clip_grad_norm([a, b], max_norm=max_norm, **options)
    assert length is not None, "Nothing was returned; expected the length before clipping."
    assert abs(length - 5 * size) < 1e-9, f"The length is {5 * size:g}, your code returned {length:.6g}."
    assert by_hand == 1 or a[0] != 3.0 * size or b[0, 0] != 4.0 * size, (
        "The gradients were not changed; 'g *= ...' changes them in place."
    )
    factors = a[0] / (3 * size), b[0, 0] / (4 * size)
    assert max(abs(factor - by_hand) for factor in factors) < 1e-5, (
        f"Gradients {3 * size:g} and {4 * size:g}, max_norm {max_norm:g}, {options or 'default eps'}: "
        f"by hand the factor is {by_hand:g} for both, yours are {factors[0]:.6g} and {factors[1]:.6g}."
    )


@test_case(name='"The examples of the task"')
def test_the_examples_of_clip_grad_norm(clip_grad_norm):
    """The examples of the task."""
    _defined(clip_grad_norm=clip_grad_norm)
    examples = """
    >>> grads = [np.array([3.0]), np.array([[4.0]])]
    >>> clip_grad_norm(grads, max_norm=1.0)  # √(9 + 16)
    5.0
    >>> grads[0].round(4), grads[1].round(4)
    (array([0.6]), array([[0.8]]))
    """
    _tried(examples, np=np, clip_grad_norm=clip_grad_norm)


@test_case(name='"The length comes back; what is too long is shortened in place, what is short stays"')
def test_clip_grad_norm(clip_grad_norm):
    """The length comes back; what is too long is shortened in place, what is short stays."""
    _defined(clip_grad_norm=clip_grad_norm)
    clip(clip_grad_norm, 1, 1.0, 0.2)
    clip(clip_grad_norm, 1, 4.0, 0.8)
    clip(clip_grad_norm, 1, 10.0, 1)


@test_case(name='"ε is added to the length, and is 1e-6 unless given"')
def test_clip_grad_norm_eps(clip_grad_norm):
    """ε is added to the length, and is 1e-6 unless given."""
    _defined(clip_grad_norm=clip_grad_norm)
    clip(clip_grad_norm, 1, 1.0, 0.1, eps=5.0)  # 1 / (5 + 5)
    clip(clip_grad_norm, 1e-6, 3e-6, 0.5)  # 3e-6 / (5e-6 + 1e-6)


@test_case(name='"Zero gradients stay zero and have length zero"')
def test_clip_grad_norm_zeros(clip_grad_norm):
    """Zero gradients stay zero and have length zero."""
    _defined(clip_grad_norm=clip_grad_norm)
    g = np.zeros((2, 2))
    length = clip_grad_norm([g], max_norm=1.0)
    assert length == 0 and not g.any(), f"Zero gradients became {g.ravel()}, their length {length}."


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
