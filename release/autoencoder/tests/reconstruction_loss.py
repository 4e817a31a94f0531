"""Public checks of reconstruction_loss. The hidden checks decide the mark; these say early what goes wrong."""

import math
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "reconstruction_loss"
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


@test_case(name='"Section 2 by hand, both kinds, and a large logit"')
def test_reconstruction_loss(reconstruction_loss):
    """Section 2 by hand, both kinds, and a large logit."""
    _defined(reconstruction_loss=reconstruction_loss)
    x_hat, x = torch.tensor([[3.0, 3.0, 0.0]]), torch.tensor([[2.0, 4.0, 3.0]])
    same(
        reconstruction_loss(x_hat, x),
        11 / 3,
        "The squared errors of section 2 are 1, 1 and 9; their mean is 3.667.",
    )
    same(
        reconstruction_loss(x_hat, x, reduction="sum"), 11.0, "The squared errors of section 2 add up to 11."
    )
    zero, half = torch.zeros(2, 3), torch.full((2, 3), 0.5)
    value = reconstruction_loss(zero, half, kind="bce", reduction="sample")
    same(value, 3 * math.log(2), "Logit 0 costs log 2 per entry: a sample of three entries costs 3 log 2.")
    value = reconstruction_loss(torch.full((1, 1), 2.0), torch.ones(1, 1), kind="bce")
    same(value, math.log(1 + math.exp(-2)), "-log s(2) is 0.1269. Is the first argument used as a logit?")
    value = reconstruction_loss(torch.full((1, 1), 200.0), torch.zeros(1, 1), kind="bce")
    same(value, 200.0, "For logit 200 and target 0 the loss is 200. Simplify before you take a logarithm.")
