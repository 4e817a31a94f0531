"""Public checks of ReplayBuffer. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "ReplayBuffer"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def rng(seed=0):
    """A generator."""
    return np.random.default_rng(seed)


@test_case(name='"The examples of the task"')
def test_the_examples_of_ReplayBuffer(ReplayBuffer):
    """The examples of the task."""
    _defined(ReplayBuffer=ReplayBuffer)
    examples = """
    >>> buffer = ReplayBuffer(2, rng=np.random.default_rng(0))
    >>> for r in (1.0, 2.0, 3.0):
    ...     buffer.add(np.array([r, 0.0]), 1, r, np.array([r + 1, 0.0]), r == 3.0)
    >>> len(buffer)  # 1.0 is forgotten
    2
    >>> s, a, r, s2, terminated = buffer.sample(2)
    >>> s.shape, a.shape, r.shape, s2.shape, terminated.shape
    ((2, 2), (2,), (2,), (2, 2), (2,))
    """
    _tried(examples, ReplayBuffer=ReplayBuffer, np=np)


@test_case(name='"Capacity, copies, rows that belong together, shares, dtypes, refusal, equal generators"')
def test_ReplayBuffer(ReplayBuffer):
    """Capacity, copies, rows that belong together, shares, dtypes, refusal, equal generators."""
    _defined(ReplayBuffer=ReplayBuffer)
    one, equal = ReplayBuffer(4, rng=rng()), ReplayBuffer(4, rng=rng())
    state = np.zeros(2, np.float32)
    for number in range(6):
        for buffer in (one, equal):
            buffer.add(state, number % 2, float(number), state + 1, number == 5)
        state += 1
    assert len(one) == 4, f"Capacity 4, after 6 transitions: the length is {len(one)}."
    parts = [np.concatenate(part) for part in zip(*(one.sample(3) for _ in range(300)), strict=True)]
    s, a, r, s2, terminated = parts
    assert set(r) == {2, 3, 4, 5}, f"Rewards 0 to 5 came, 4 fit: 2 to 5 must be there, not {sorted(set(r))}."
    share = np.bincount(r.astype(int), minlength=6)[2:] / len(r)
    assert (abs(share - 0.25) < 0.1).all(), f"All must be drawn alike often; the shares are {share.round(2)}."
    assert (s[:, 0] < 6).all(), "The caller wrote into its array, and your memory changed."
    fits = (s[:, 0] == r) & (s2[:, 0] == r + 1) & (a == r % 2) & (terminated == (r == 5))
    assert fits.all(), "s, a, r, s2 and terminated of a row must be of one transition."
    kinds = [part.dtype.name for part in parts]
    assert kinds == ["float32", "int64", "float64", "float32", "bool"], f"The dtypes are {kinds}."
    others = np.concatenate([equal.sample(3)[2] for _ in range(300)])
    assert (others == r).all(), "Equal generators draw alike: draw from rng alone."
    try:
        one.sample(5)
    except ValueError:
        return
    raise AssertionError("Four are remembered: to sample five must be a ValueError.")


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
