"""Public checks of cross_entropy_general. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "cross_entropy_general"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"Even logits cost log C, ignored samples nothing"')
def test_cross_entropy_general(cross_entropy_general):
    """Even logits cost log C, ignored samples nothing."""
    _defined(cross_entropy_general=cross_entropy_general)
    logits = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
    loss, dlogits = cross_entropy_general(logits, np.array([0, -1]), 0.3, -1)
    assert np.isclose(loss, np.log(3)), f"The second sample is ignored, so the loss is log 3, not {loss:.4f}."
    hand = [1 / 3 - 0.8, 1 / 3 - 0.1, 1 / 3 - 0.1]
    assert np.allclose(dlogits, [hand, [0, 0, 0]]), f"dlogits is {dlogits}; by hand {hand} and zeros."
    loss, dlogits = cross_entropy_general(logits, np.array([-1, -1]), 0.0, -1)
    assert loss == 0 and not np.any(dlogits), "If all samples are ignored, loss and gradient are 0."
