"""Public checks of sparse_loss. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "sparse_loss"
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


@test_case(name='"The mean of each unit over the batch, and the weight"')
def test_sparse_loss(sparse_loss):
    """The mean of each unit over the batch, and the weight."""
    _defined(sparse_loss=sparse_loss)

    def distance(rho, rho_hat):
        assert rho_hat.shape == (2,), (
            f"rho_hat has shape {tuple(rho_hat.shape)}; a batch of 3 with 2 units gives (2,)."
        )
        return (rho_hat - rho).abs().sum()

    h = torch.tensor([[0.0, 1.0], [0.5, 1.0], [0.25, 1.0]])
    same(
        sparse_loss(torch.tensor(2.0), h, 0.25, 10.0, distance),
        9.5,
        "The units have the means 0.25 and 1; 2 + 10 * (0 + 0.75) = 9.5.",
    )
