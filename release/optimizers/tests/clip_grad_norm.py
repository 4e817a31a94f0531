"""Public checks of clip_grad_norm. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "clip_grad_norm"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def agree(came, expected, where):
    """Say where a hand example and the code part ways, with both numbers."""
    assert np.allclose(came, expected, rtol=0, atol=5e-5), f"{where}: by hand {expected}, your code {came}."


@test_case(name='"Gradients 3 and 4 are 5 long together and become 0.6 and 0.8"')
def test_clip_grad_norm(clip_grad_norm):
    """Gradients 3 and 4 are 5 long together and become 0.6 and 0.8."""
    _defined(clip_grad_norm=clip_grad_norm)
    a, b = np.array([3.0]), np.array([[4.0]])
    length = clip_grad_norm([a, b], max_norm=1.0)
    assert length is not None, "Nothing was returned; expected the length before clipping."
    agree(length, 5.0, "The returned length")
    assert (a[0], b[0, 0]) != (3.0, 4.0), "The gradients were not changed; 'g *= ...' changes them in place."
    agree(np.array([a[0], b[0, 0]]), [0.6, 0.8], "The two gradients after clipping")
