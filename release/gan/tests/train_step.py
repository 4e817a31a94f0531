"""Public checks of train_step. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import torch
from torch import nn
from otter.test_files import test_case

OK_FORMAT = False
name = "train_step"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def number(value):
    """A tensor of shape (), as a number."""
    assert isinstance(value, torch.Tensor), f"A loss must be a tensor, not a {type(value).__name__}."
    assert value.shape == (), f"A loss must have the shape (), not {tuple(value.shape)}."
    return value.item()


def about(came, expected, what):
    """Nearly equal numbers."""
    assert math.isclose(came, expected, rel_tol=1e-4, abs_tol=1e-5), (
        f"{what}: {expected:.4f}, not {came:.4f}."
    )


class Scale(nn.Module):
    """x times a number."""

    def __init__(self, number):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(float(number)))

    def forward(self, x):
        """The product."""
        return self.weight * x


def game(lr=0.5):
    """G multiplies by 2, D by 1; plain descent."""
    G, D = Scale(2), Scale(1)
    return G, D, *(torch.optim.SGD(net.parameters(), lr=lr) for net in (G, D))


LOSSES = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())


ONE = torch.ones(1, 1)


@test_case(name='"The examples of the task"')
def test_the_examples_of_train_step(train_step):
    """The examples of the task."""
    _defined(train_step=train_step)
    examples = """
    >>> D, G = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1)
    >>> D.weight.data[:], G.weight.data[:], G.bias.data[:] = 1.0, 1.0, 0.0
    >>> opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.5) for net in (G, D))
    >>> losses = (lambda real, fake: fake.mean() - real.mean()), (lambda fake: -fake.mean())
    >>> d_loss, g_loss = train_step(G, D, opt_g, opt_d, torch.ones(1, 1), *torch.zeros(2, 1, 1), losses)
    >>> d_loss, D.weight.item(), G.bias.item()
    (-1.0, 1.5, 0.75)
    """
    _tried(examples, torch=torch, train_step=train_step)


@test_case(name='"By hand: D\'s slope is fake - real, G\'s is -w z"')
def test_train_step(train_step):
    """By hand: D's slope is fake - real, G's is -w z."""
    _defined(train_step=train_step)
    G, D, opt_g, opt_d = game()
    pair = train_step(G, D, opt_g, opt_d, 5 * ONE, ONE, 3 * ONE, LOSSES)
    assert len(pair) == 2, "Return two floats, D's loss first."
    assert all(type(loss) is float for loss in pair), "Return floats: .item() makes one of a tensor."
    about(pair[0], -3.0, "G is x2, D is x1, real 5, z_d 1: D's loss 2 - 5")
    w, a = D.weight.item(), G.weight.item()
    about(w, 2.5, "D's slope is 2 - 5, lr 0.5, so afterwards D is x2.5 (is D moved in its own part alone?)")
    about(pair[1], -15.0, "z_g 3: G's loss with the new D is -2.5 times 2 times 3")
    about(a, 5.75, "G's slope is -2.5 times 3, so G is x5.75 (-7.5 from G's part alone)")
    train_step(G, D, opt_g, opt_d, 5 * ONE, ONE, 3 * ONE, LOSSES)
    about(D.weight.item(), 2.125, "In the second step D's slope is 5.75 - 5 (old gradients do not count)")
    about(
        G.weight.item(), 8.9375, "In the second step G's slope is -2.125 times 3 (old gradients do not count)"
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
