"""Public checks of kl_sparsity. The hidden checks decide the mark; these say early what goes wrong."""

import math
import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "kl_sparsity"
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


@test_case(name='"The hand example of section 8, more than one unit, and a unit that never fires"')
def test_kl_sparsity(kl_sparsity):
    """The hand example of section 8, more than one unit, and a unit that never fires."""
    _defined(kl_sparsity=kl_sparsity)
    same(
        kl_sparsity(0.5, torch.tensor([0.25])),
        0.5 * math.log(2) + 0.5 * math.log(2 / 3),
        "The example of section 8 gives 0.1438. (0.1308 is the divergence in the other direction.)",
    )
    two = torch.tensor([0.25, 0.25])
    same(kl_sparsity(0.5, two), 0.28768, "Two equal units cost twice as much as one.")
    off = kl_sparsity(0.1, torch.tensor([0.0, 1.0]))
    assert torch.isfinite(off), "A unit that never fires must give a finite value: clip first."
