"""Public checks of conv2d_forward. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_forward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, then one small case for each option"')
def test_conv2d_forward(conv2d_forward):
    """The example by hand, then one small case for each option."""
    _defined(conv2d_forward=conv2d_forward)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    answer = conv2d_forward(x, w)
    assert isinstance(answer, tuple) and len(answer) == 2, "Return two things: out and cache."
    out = answer[0]
    assert np.shape(out) == (1, 1, 1, 2), (
        f"Three pixels, kernel of two: shape (1, 1, 1, 2), not {np.shape(out)}."
    )
    assert not np.allclose(out, [12, 23]), "12 and 23: your kernel is turned round. Do not flip it."
    assert np.allclose(out, [21, 32]), f"By hand it is 21 and 32; you returned {out.ravel()}."

    out = conv2d_forward(x, w, np.array([100.0]))[0]
    assert np.allclose(out, [121, 132]), f"A bias of 100 makes 121 and 132, not {out.ravel()}."

    # zeros around: 0 1 2 3 0, and rows of zeros above and below
    out = conv2d_forward(x, w, padding=1)[0]
    assert np.shape(out) == (1, 1, 3, 4), f"padding=1: shape (1, 1, 3, 4), not {np.shape(out)}."
    assert np.allclose(out[0, 0, 1], [10, 21, 32, 3]), f"padding=1: 10 21 32 3 by hand, not {out[0, 0, 1]}."
    assert np.allclose(out[0, 0, [0, 2]], 0), "padding=1: windows in the zeros above and below must give 0."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    out = conv2d_forward(row, w, stride=2)[0]
    assert np.shape(out) == (1, 1, 1, 2), f"stride=2 on five pixels: two windows, not {np.shape(out)[-1]}."
    assert np.allclose(out, [21, 43]), f"stride=2: windows (1, 2) and (3, 4), 21 and 43, not {out.ravel()}."
    out = conv2d_forward(row, w, dilation=2)[0]
    assert np.allclose(out, [31, 42, 53]), (
        f"dilation=2: 1 meets 3, then 2 meets 4: 31 42 53, not {out.ravel()}."
    )

    whole = np.array([[[[1, 2, 3]]]])
    out = conv2d_forward(whole, np.array([[[[0.5, 0.25]]]]))[0]
    assert np.allclose(out, [1.0, 1.75]), f"A picture of whole numbers: 1.0 and 1.75, not {out.ravel()}."

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    out = conv2d_forward(channels, mix, np.array([100.0, 200.0, 300.0]))[0]
    assert np.shape(out) == (2, 3, 1, 1), f"Two pictures, three filters: (2, 3, 1, 1), not {np.shape(out)}."
    expected = [[121, 202, 302], [143, 206, 304]]
    assert np.allclose(out[:, :, 0, 0], expected), (
        "Sum over the channels, then add the bias of the filter once."
    )
