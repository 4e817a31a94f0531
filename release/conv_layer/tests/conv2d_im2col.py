"""Public checks of conv2d_im2col. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_im2col"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, then bias, stride and two pictures with two filters"')
def test_conv2d_im2col(conv2d_im2col):
    """The example by hand, then bias, stride and two pictures with two filters."""
    _defined(conv2d_im2col=conv2d_im2col)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    out = conv2d_im2col(x, w)
    assert np.shape(out) == (1, 1, 1, 2), f"The shape must be (1, 1, 1, 2), not {np.shape(out)}."
    assert np.allclose(out, [21, 32]), f"By hand it is 21 and 32; you returned {out.ravel()}."
    assert np.allclose(conv2d_im2col(x, w, np.array([100.0])), [121, 132]), "A bias of 100 makes 121 and 132."
    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    assert np.allclose(conv2d_im2col(row, w, stride=2), [21, 43]), "stride=2: 21 and 43."
    two, filters = (
        np.array([[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]]),
        np.array([[[[1.0, 10.0]]], [[[1.0, 0.0]]]]),
    )
    out = conv2d_im2col(two, filters)
    assert np.shape(out) == (2, 2, 1, 2), f"Two pictures, two filters: (2, 2, 1, 2), not {np.shape(out)}."
    assert np.allclose(out[0, :, 0], [[21, 32], [1, 2]]), "The first picture's outputs are 21 32 and 1 2."
    assert np.allclose(out[1, :, 0], [[54, 65], [4, 5]]), "The second picture's outputs are 54 65 and 4 5."
