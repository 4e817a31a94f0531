"""Public checks of corrupt. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "corrupt"
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


@test_case(name='"Level 0, the extremes, and how strong the noise is"')
def test_corrupt(corrupt):
    """Level 0, the extremes, and how strong the noise is."""
    _defined(corrupt=corrupt)
    g, x = torch.Generator().manual_seed(1), torch.linspace(-1, 2, 3000).reshape(30, 100)
    for kind in ("gaussian", "masking", "salt_pepper"):
        same(corrupt(x, kind, 0.0, g), x, f"Level 0 must leave the samples as they are ({kind}).")
    assert (corrupt(x, "masking", 1.0, g) == 0).all(), "Masking with level 1 sets every entry to 0."
    masked = corrupt(x, "masking", 0.3, g)
    share = float((masked == 0).double().mean())
    assert 0.2 < share < 0.4, f"Masking with level 0.3 set {share:.0%} of the entries to 0."
    kept = masked != 0
    same(masked[kept], x[kept], "Entries that are not masked stay as they are.")
    noise = corrupt(x, "gaussian", 0.3, g) - x
    spread = float(noise.std())
    assert 0.25 < spread < 0.35, f"The noise with level 0.3 has standard deviation {spread:.2f}."
    noisy = corrupt(x, "salt_pepper", 1.0, g)
    assert ((noisy == x.min()) | (noisy == x.max())).all(), (
        "Salt and pepper: the smallest and largest value of x."
    )
