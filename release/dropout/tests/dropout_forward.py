"""Public checks of dropout_forward. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "dropout_forward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


HAND = np.array([4.0, 8.0, 12.0, 16.0])


def rng(seed=0):
    """A generator."""
    return np.random.default_rng(seed)


def two_things(answer):
    """out and cache."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "Return two things: out and cache."
    assert isinstance(answer[0], np.ndarray), f"out must be a NumPy array, not a {type(answer[0]).__name__}."
    return answer


def refused(function, *args, **kwargs):
    """The call raises ValueError."""
    try:
        function(*args, **kwargs)
    except ValueError:
        return True
    return False


@test_case(name='"The examples of the task"')
def test_the_examples_of_dropout_forward(dropout_forward):
    """The examples of the task."""
    _defined(dropout_forward=dropout_forward)
    examples = """
    >>> out, cache = dropout_forward(np.full(1000, 4.0), 0.2, True, np.random.default_rng(0))
    >>> sorted(set(out.tolist()))
    [0.0, 5.0]
    >>> out, cache = dropout_forward(np.full(1000, 4.0), 0.2, False, np.random.default_rng(0))
    >>> sorted(set(out.tolist()))
    [4.0]
    """
    _tried(examples, dropout_forward=dropout_forward, np=np)


@test_case(name='"Factors, share, independence, evaluation, new masks, the generator, limits, float32"')
def test_dropout_forward(dropout_forward):
    """Factors, share, independence, evaluation, new masks, the generator, limits, float32."""
    _defined(dropout_forward=dropout_forward)
    for seed in range(20):
        out = two_things(dropout_forward(HAND, 0.2, True, rng(seed)))[0]
        assert out.shape == (4,), f"out must have the shape of x, (4,), not {out.shape}."
        assert all(np.isclose(o, 0) or np.isclose(o, h / 0.8) for o, h in zip(out, HAND, strict=True)), (
            f"x = (4, 8, 12, 16), p = 0.2: each entry of out is 0, or one of (5, 10, 15, 20), not {out}."
        )
    ones, lasting = np.ones((50, 40)), rng()
    one, later = (dropout_forward(ones, 0.3, True, lasting)[0] for _ in range(2))
    assert 0.2 < (one == 0).mean() < 0.4, f"p = 0.3: a share of {(one == 0).mean():.2f} was dropped."
    assert (one != one[0]).any() and (one != one[:, :1]).any(), "All rows, or all columns, are alike."
    assert (one != later).any(), "Two calls dropped the same entries."
    assert (one == dropout_forward(ones, 0.3, True, rng())[0]).all(), "Equal generators: draw from rng alone."
    lasting = rng()
    assert np.allclose(dropout_forward(HAND, 0.2, False, lasting)[0], HAND), "In evaluation out is x."
    assert lasting.random() == rng().random(), "In evaluation nothing may be drawn from rng."
    with np.errstate(all="ignore"):
        assert not np.any(dropout_forward(HAND, 1.0, True, rng())[0]), "If p is 1, out must be 0 everywhere."
    assert np.allclose(dropout_forward(HAND, 0.0, True, rng())[0], HAND), "If p is 0, out is x."
    assert refused(dropout_forward, HAND, 1.5, False, rng()), "p = 1.5 must be a ValueError in evaluation."
    assert refused(dropout_forward, HAND, -0.5, True, rng()), "p = -0.5 must be a ValueError in training."
    x = HAND.astype(np.float32)
    assert dropout_forward(x, 0.5, True, rng())[0].dtype == np.float32, "float32 must stay float32."
    assert (x == HAND).all(), "You have written into x."


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
