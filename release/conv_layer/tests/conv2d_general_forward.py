"""Public checks of conv2d_general_forward. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_general_forward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"A pair as stride, and two groups"')
def test_conv2d_general_forward(conv2d_general_forward):
    """A pair as stride, and two groups."""
    _defined(conv2d_general_forward=conv2d_general_forward)
    x = np.array([[[[1.0, 2.0, 3.0, 4.0]]]])
    w = np.array([[[[1.0, 10.0]]]])
    out = conv2d_general_forward(x, w, stride=(1, 2))[0]
    assert np.shape(out) == (1, 1, 1, 2), f"stride (1, 2): shape (1, 1, 1, 2), not {np.shape(out)}."
    assert np.allclose(out, [21, 43]), f"stride (1, 2): 1 for the rows, 2 for the columns; not {out.ravel()}."
    two, filters = np.array([[[[3.0]], [[5.0]]]]), np.array([[[[1.0]]], [[[10.0]]]])
    out = conv2d_general_forward(two, filters, groups=2)[0]
    assert np.allclose(out.ravel(), [3, 50]), f"Two groups: 1*3 and 10*5, not {out.ravel()}."
