"""Public checks of bug_hunt. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "bug_hunt"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The form of the answer, and what the two kernels see"')
def test_bug_hunt(bug_hunt, suspicious_conv2d, correlate_slowly):
    """The form of the answer, and what the two kernels see."""
    _defined(bug_hunt=bug_hunt, suspicious_conv2d=suspicious_conv2d, correlate_slowly=correlate_slowly)
    answer = bug_hunt()
    assert isinstance(answer, tuple) and len(answer) == 3, "Return three arrays: x, blind, sharp."
    for name, array in zip(["x", "blind", "sharp"], answer, strict=True):
        assert np.ndim(array) == 2, f"{name} must be a 2-D array."
        assert max(np.shape(array)) <= 32, f"{name} must be at most 32 x 32."
    x, blind, sharp = answer
    for name, kernel in [("blind", blind), ("sharp", sharp)]:
        assert np.all(np.shape(kernel) <= np.array(np.shape(x))), (
            f"{name} must not be larger than the picture."
        )
    assert not np.all(blind == blind[0]), "The rows of blind must not all be equal."
    right = correlate_slowly(x, blind, padding=0)
    assert np.abs(right).max() > 1e-6, "With blind the output must not be 0 everywhere."
    assert np.allclose(suspicious_conv2d(x, blind), right), "blind is not blind: it shows the bug."
    right = correlate_slowly(x, sharp, padding=0)
    assert not np.allclose(suspicious_conv2d(x, sharp), right), "sharp is not sharp: it cannot see the bug."
