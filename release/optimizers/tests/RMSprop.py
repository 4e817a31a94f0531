"""Public checks of RMSprop. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "RMSprop"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def follow(make, grads, places, what, start=1.0, rates=(), **options):
    """One parameter is where it is by hand after each step, and the caller's arrays are treated well."""
    w = np.array([start])
    optimizer = make([w], **options)
    for number, (g, place, rate) in enumerate(
        zip(grads, places, rates or (None,) * len(grads), strict=True), 1
    ):
        if rate is not None:
            optimizer.lr = rate
        given = np.array([g])
        optimizer.step([given])
        assert given[0] == g, "step changed the gradient that it was given; make a new array instead."
        assert w[0] != start or place == start, (
            "step did not change the array that was given as parameter. It must be changed in place: "
            "'p = p - ...' makes a new array, 'p -= ...' changes the one that is there."
        )
        assert abs(w[0] - place) < 5e-5, f"{what}: after step {number} by hand {place}, your code {w[0]:.6g}."


@test_case(name='"The examples of the task"')
def test_the_examples_of_RMSprop(RMSprop):
    """The examples of the task."""
    _defined(RMSprop=RMSprop)
    examples = """
    >>> w = np.array([1.0])
    >>> opt = RMSprop([w], lr=0.1, alpha=0.75)
    >>> opt.step([np.array([4.0])])          # v = 0.25 * 16 = 4;           0.1 * 4 / 2 = 0.2
    >>> w.round(6)
    array([0.8])
    >>> opt.step([np.array([-2.0])])         # v = 0.75 * 4 + 0.25 * 4 = 4; 0.1 * -2 / 2 = -0.1
    >>> w.round(6)
    array([0.9])
    """
    _tried(examples, np=np, RMSprop=RMSprop)


@test_case(name='"A changed rate takes effect at once"')
def test_RMSprop(RMSprop):
    """A changed rate takes effect at once."""
    _defined(RMSprop=RMSprop)
    follow(RMSprop, (4.0, -2.0), (0.8, 1.1), "RMSprop", rates=(0.1, 0.3), lr=1.0, alpha=0.75)


@test_case(name='"ε is added to the root"')
def test_RMSprop_eps(RMSprop):
    """ε is added to the root."""
    _defined(RMSprop=RMSprop)
    # v = 4 in both steps: 0.1 * 4 / (2 + 2) and 0.1 * -2 / (2 + 2).
    follow(RMSprop, (4.0, -2.0), (0.9, 0.95), "With eps = 2", lr=0.1, alpha=0.75, eps=2.0)


@test_case(name='"A parameter whose gradient is zero stays where it is"')
def test_RMSprop_zero_gradient(RMSprop):
    """A parameter whose gradient is zero stays where it is."""
    _defined(RMSprop=RMSprop)
    follow(RMSprop, (0.0, 0.0), (1.0, 1.0), "With zero gradients", lr=0.1)


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
