"""Public checks of pca_reconstruction. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "pca_reconstruction"
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


@test_case(name='"Samples on a line need one direction, wherever the line is"')
def test_pca_reconstruction(pca_reconstruction):
    """Samples on a line need one direction, wherever the line is."""
    _defined(pca_reconstruction=pca_reconstruction)
    steps = torch.tensor([[-2.0], [0.0], [1.0], [5.0]])
    through_origin = (steps - 1) * torch.tensor([[3.0, -1.0, 2.0]])
    same(
        pca_reconstruction(through_origin, 1),
        through_origin,
        "The samples lie on a line through their mean 0; one direction rebuilds them.",
    )
    shifted = through_origin + torch.tensor([10.0, 20.0, -5.0])
    same(
        pca_reconstruction(shifted, 1),
        shifted,
        "The line was moved away from 0: what is subtracted, what added?",
    )
    cross = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    same(
        pca_reconstruction(cross, 1),
        [[3.0, 0.0], [-3.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
        "Of the two directions of this cross, the longer one is kept.",
    )
