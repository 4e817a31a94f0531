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


@test_case(name='"The form of the answer, and both numbers"')
def test_bug_hunt(bug_hunt, mode_coverage):
    """The form of the answer, and both numbers."""
    _defined(bug_hunt=bug_hunt, mode_coverage=mode_coverage)
    angle = torch.arange(8) * torch.pi / 4
    ring = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    collapsed, scattered = bug_hunt()
    for name, samples in (("collapsed", collapsed), ("scattered", scattered)):
        assert samples.shape == (200, 2), f"{name} must have the shape (200, 2), not {tuple(samples.shape)}."
    modes, share = mode_coverage(collapsed, ring, 0.3)
    assert modes == 1 and share >= 0.95, f"collapsed: {modes} modes, share {share:.2f}."
    modes, share = mode_coverage(scattered, ring, 0.3)
    assert modes == 8 and share < 0.3, f"scattered: {modes} modes, share {share:.2f}."
