"""Public checks of discriminator_loss. The hidden checks decide the mark; these say early what goes wrong."""

import contextlib
import doctest
import math
import re
import sys
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "discriminator_loss"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


LOG3 = math.log(3)


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


def slope(loss, *logits):
    """The loss's gradient for each of some logits."""
    logits = [torch.tensor([[float(logit)]], requires_grad=True) for logit in logits]
    value = loss(*logits)
    assert value.requires_grad, "No gradient flows from your loss."
    value.backward()
    return [0.0 if logit.grad is None else logit.grad.item() for logit in logits]


@test_case(name='"The examples of the task"')
def test_the_examples_of_discriminator_loss(discriminator_loss):
    """The examples of the task."""
    _defined(discriminator_loss=discriminator_loss)
    examples = """
    >>> log3 = torch.tensor([3.0]).log()
    >>> discriminator_loss(log3, -log3)
    tensor(0.5754)
    >>> discriminator_loss(torch.zeros(2, 1), torch.zeros(5))  # D cannot tell: 2 log 2
    tensor(1.3863)
    """
    _tried(examples, torch=torch, discriminator_loss=discriminator_loss)


@test_case(name='"Both terms, means, large logits, gradients"')
def test_discriminator_loss(discriminator_loss):
    """Both terms, means, large logits, gradients."""
    _defined(discriminator_loss=discriminator_loss)
    one, none = torch.tensor([LOG3]), torch.zeros(1)
    about(
        number(discriminator_loss(one, none)), math.log(8 / 3), "Real 3/4 and fake 1/2 cost log 4/3 + log 2"
    )
    about(number(discriminator_loss(none, one)), math.log(8), "Real 1/2 and fake 3/4 cost log 2 + log 4")
    logits = torch.tensor([[LOG3], [0.0], [0.0]])
    value = number(discriminator_loss(logits, torch.zeros(5, 1)))
    about(value, math.log(4 / 3) / 3 + 5 / 3 * math.log(2), "Three real samples and five fake ones")
    value = number(discriminator_loss(torch.tensor([-200.0, 200.0]), torch.tensor([200.0, -200.0])))
    about(value, 200.0, "Logits of 200 and -200, half of them wrong")
    by_real, by_fake = slope(discriminator_loss, LOG3, LOG3)
    about(by_real, -0.25, "Slope by the logit of a real sample that gets 3/4")
    about(by_fake, 0.75, "Slope by the logit of a fake sample that gets 3/4")


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
