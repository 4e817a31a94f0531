"""Public checks of denoising_loss. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "denoising_loss"
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


@test_case(name='"Which tensor goes where, by hand"')
def test_denoising_loss(denoising_loss):
    """Which tensor goes where, by hand."""
    _defined(denoising_loss=denoising_loss)

    def error(x_hat, target):
        return (x_hat - target).abs().sum()

    value = denoising_loss(lambda x: 10 * x, torch.ones(1, 3), lambda x: x + 1, error)
    same(
        value,
        57.0,
        "Clean 1, noisy 2, rebuilt 20: three entries differ from the clean sample by 19 each, together 57. "
        "(54: compared with the noisy one. 27: the model saw the clean one.)",
    )
