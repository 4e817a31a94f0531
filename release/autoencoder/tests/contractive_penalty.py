"""Public checks of contractive_penalty. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "contractive_penalty"
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


@test_case(name='"The hand example of section 11"')
def test_contractive_penalty(contractive_penalty):
    """The hand example of section 11."""
    _defined(contractive_penalty=contractive_penalty)
    h, weight = torch.tensor([[0.5], [0.5]]), torch.tensor([[4.0, 8.0]])
    same(
        contractive_penalty(h, weight),
        5.0,
        "Slope 0.25 and weights (4, 8): Jacobian (1, 2), penalty 5 per sample.",
    )
