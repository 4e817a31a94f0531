"""Public checks of Autoencoder. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import torch
from torch import nn
from otter.test_files import test_case

OK_FORMAT = False
name = "Autoencoder"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def same(actual, expected, message, tolerance=1e-4):
    """Fail with the message unless both are tensors of one shape with nearly equal values."""
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert isinstance(actual, torch.Tensor), f"Expected a tensor, got {type(actual).__name__}."
    assert actual.shape == expected.shape, f"Shape {tuple(actual.shape)}; expected {tuple(expected.shape)}."
    assert torch.allclose(actual.detach().double(), expected, rtol=tolerance, atol=tolerance), message


@test_case(name='"The examples of the task"')
def test_the_examples_of_Autoencoder(Autoencoder):
    """The examples of the task."""
    _defined(Autoencoder=Autoencoder)
    examples = """
    >>> model = Autoencoder([64, 32, 8])
    >>> model.encode(torch.zeros(5, 64)).shape
    torch.Size([5, 8])
    >>> sum(p.numel() for p in Autoencoder([3, 2]).parameters())  # 3*2 + 2 and 2*3 + 3
    17
    """
    _tried(examples, Autoencoder=Autoencoder, torch=torch)


@test_case(name='"The network of section 2, its shapes, and its parameters"')
def test_Autoencoder(Autoencoder):
    """The network of section 2, its shapes, and its parameters."""
    _defined(Autoencoder=Autoencoder)
    model = Autoencoder([7, 5, 2])
    x = torch.randn(4, 7)
    assert model.encode(x).shape == (4, 2), "encode: 7 numbers must become a code of 2."
    assert model.decode(model.encode(x)).shape == (4, 7), "decode: a code of 2 must become 7 numbers again."
    assert len(list(model.parameters())) == 8, (
        "Four layers have four weights and four biases; the module knows "
        f"{len(list(model.parameters()))} parameters. Are all layers registered?"
    )
    hand = Autoencoder([3, 1], "identity")
    linear = [layer for layer in hand.modules() if isinstance(layer, nn.Linear)]
    assert len(linear) == 2, f"Sizes [3, 1] make two torch.nn.Linear layers; found {len(linear)}."
    with torch.no_grad():
        for layer in linear:
            layer.bias.zero_()
            layer.weight.copy_(
                torch.tensor([[0.5, 0.5, 0.0]] if layer.in_features == 3 else [[1.0], [1.0], [0.0]])
            )
    sample = torch.tensor([[2.0, 4.0, 3.0]])
    same(hand.encode(sample), [[3.0]], "The code of (2, 4, 3) is 3 with the weights of section 2.")
    same(hand(sample), [[3.0, 3.0, 0.0]], "The reconstruction of (2, 4, 3) is (3, 3, 0): see section 2.")
    code = Autoencoder([7, 40])
    assert (code.encode(torch.randn(50, 7)) < 0).any(), (
        "No code is ever negative: what follows the last layer?"
    )
    linear, x = Autoencoder([3, 4, 2], "identity"), torch.randn(5, 3)
    start = linear.encode(0 * x)
    same(
        linear.encode(2 * x) - start,
        (2 * (linear.encode(x) - start)).detach(),
        'With "identity" nothing bends: twice the input moves the code twice as far.',
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
