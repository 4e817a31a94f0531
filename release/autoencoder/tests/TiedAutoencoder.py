"""Public checks of TiedAutoencoder. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "TiedAutoencoder"
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


@test_case(name='"One matrix, two biases, and gradient on both paths"')
def test_TiedAutoencoder(TiedAutoencoder):
    """One matrix, two biases, and gradient on both paths."""
    _defined(TiedAutoencoder=TiedAutoencoder)
    model = TiedAutoencoder(3, 1)
    shapes = sorted(tuple(parameter.shape) for parameter in model.parameters())
    assert shapes == [(1,), (1, 3), (3,)], (
        f"The parameters have the shapes {shapes}; expected W, b and c only."
    )
    model.weight.data.copy_(torch.tensor([[1.0, 2.0, 0.0]]))
    same(model.encode(torch.zeros(1, 3)), [[0.5]], "With x = 0 and zero bias the code is s(0) = 0.5.")
    same(model.decode(torch.tensor([[2.0]])), [[2.0, 4.0, 0.0]], "Code 2 and W = (1, 2, 0) give (2, 4, 0).")
    model.decode(torch.tensor([[2.0]])).sum().backward()
    assert model.weight.grad is not None, "No gradient reaches the matrix from the decoder."
