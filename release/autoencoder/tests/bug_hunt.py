"""Public checks of bug_hunt. The hidden checks decide the mark; these say early what goes wrong."""

import torch
from otter.test_files import test_case

OK_FORMAT = False
name = "bug_hunt"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The form of the input, and whether the two functions differ on it"')
def test_bug_hunt(bug_hunt, reconstruction_loss):
    """The form of the input, and whether the two functions differ on it."""
    _defined(bug_hunt=bug_hunt, reconstruction_loss=reconstruction_loss)
    logits, x = bug_hunt()
    assert logits.shape == x.shape and 1 <= x.numel() <= 16, (
        "Return two tensors of one shape, at most 16 entries."
    )
    assert torch.isfinite(logits).all(), "The logits must be finite."
    assert ((x >= 0) & (x <= 1)).all(), "The targets must lie in [0, 1]."
    s = torch.sigmoid(logits)
    wrong = (-x * torch.log(s) - (1 - x) * torch.log(1 - s)).mean()
    right = reconstruction_loss(logits, x, kind="bce")
    assert not torch.allclose(wrong, right, rtol=1e-3), "On this input naive_bce agrees with your own loss."
