"""Public checks of conv2d_general_backward. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_general_backward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"Dilation by hand, and two groups"')
def test_conv2d_general_backward(conv2d_general_forward, conv2d_general_backward):
    """Dilation by hand, and two groups."""
    _defined(conv2d_general_forward=conv2d_general_forward, conv2d_general_backward=conv2d_general_backward)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    dx, dw, db = conv2d_general_backward(
        np.array([[[[2.0]]]]), conv2d_general_forward(x, w, dilation=(1, 2))[1]
    )
    assert np.allclose(dx, [2, 0, 20]), f"dilation (1, 2): dx is 2 0 20 by hand, not {np.ravel(dx)}."
    assert np.allclose(dw, [2, 6]), f"dilation (1, 2): dw is 2 6 by hand, not {np.ravel(dw)}."
    assert db is None, "Without a bias, db is None."
    two, filters = np.array([[[[3.0]], [[5.0]]]]), np.array([[[[1.0]]], [[[10.0]]]])
    _, cache = conv2d_general_forward(two, filters, groups=2)
    dx, dw, _ = conv2d_general_backward(np.array([[[[1.0]], [[2.0]]]]), cache)
    assert np.allclose(np.ravel(dx), [1, 20]), f"Two groups: dx is 1*1 and 2*10, not {np.ravel(dx)}."
    assert np.allclose(np.ravel(dw), [3, 10]), f"Two groups: dw is 1*3 and 2*5, not {np.ravel(dw)}."
