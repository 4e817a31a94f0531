"""Public checks of kl_gauss. The hidden checks decide the mark; these say early what goes wrong."""

import math
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "kl_gauss"
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


@test_case(name='"The hand examples of section 9"')
def test_kl_gauss(kl_gauss):
    """The hand examples of section 9."""
    _defined(kl_gauss=kl_gauss)
    one = torch.ones(1, 1)
    same(kl_gauss(one, 0 * one), 0.5, "mu = 1 and logvar = 0 give 0.5: see section 9.")
    same(kl_gauss(0 * one, one), (math.e - 2) / 2, "mu = 0 and logvar = 1 give (e - 1 - 1) / 2 = 0.359.")
    mu = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    same(
        kl_gauss(mu, 0 * mu),
        1.25,
        "Two samples with (1/2 + 4/2) and 0: sum over units, mean over samples, 1.25.",
    )
