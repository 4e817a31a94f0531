"""Public checks of MLP. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "MLP"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def equal(came, expected, what):
    """It has these numbers, in this shape."""
    came, expected = np.asarray(came), np.asarray(expected)
    assert came.shape == expected.shape, f"{what}: the shape must be {expected.shape}, not {came.shape}."
    assert np.allclose(came, expected, atol=1e-6), f"{what} must be {expected.tolist()}, not {came.tolist()}."


@test_case(name='"The examples of the task"')
def test_the_examples_of_MLP(MLP):
    """The examples of the task."""
    _defined(MLP=MLP)
    examples = """
    >>> model = MLP([2, 8, 3], rng=np.random.default_rng(0))
    >>> model.forward(np.zeros((5, 2))).shape, [p.shape for p in model.params()]
    ((5, 3), [(8, 2), (8,), (3, 8), (3,)])
    """
    _tried(examples, MLP=MLP, np=np)


@test_case(name='"A network on paper, then all gradients against measured ones"')
def test_MLP(MLP):
    """A network on paper, then all gradients against measured ones."""
    _defined(MLP=MLP)
    model = MLP([1, 1, 1], rng=np.random.default_rng(0))
    model.layers[0].weight[...], model.layers[1].weight[...] = 2.0, -3.0
    logits = model.forward(np.array([[1.0], [-1.0]]))
    equal(logits, [[-6], [0]], "1 -> 2 -> -6 and -1 -> -2 -> 0 -> 0: the logits")
    model, rng = MLP([3, 5, 4, 2], rng=np.random.default_rng(0)), np.random.default_rng(1)
    x, dout = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    before = model.forward(x)
    model.backward(dout)
    gradients = [g.copy() for g in model.grads()]
    for number, (p, g) in enumerate(zip(model.params(), gradients, strict=True)):
        place = (0,) * p.ndim
        p[place] += 1e-6
        equal(g[place], ((model.forward(x) - before) * dout).sum() / 1e-6, f"grads()[{number}], measured,")
        p[place] -= 1e-6


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
