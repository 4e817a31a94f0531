"""Public checks of conv2d_backward. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_backward"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, then stride, padding and several pictures"')
def test_conv2d_backward(conv2d_forward, conv2d_backward):
    """The example by hand, then stride, padding and several pictures."""
    _defined(conv2d_forward=conv2d_forward, conv2d_backward=conv2d_backward)
    x, w = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[1.0, 10.0]]]])
    dout = np.array([[[[1.0, 2.0]]]])
    answer = conv2d_backward(dout, conv2d_forward(x, w, np.zeros(1))[1])
    assert isinstance(answer, tuple) and len(answer) == 3, "Return three things: dx, dw and db."
    dx, dw, db = answer
    assert np.shape(dx) == x.shape, f"dx must have the shape of x, {x.shape}, not {np.shape(dx)}."
    assert np.allclose(dx, [1, 12, 20]), (
        f"dx by hand: 1 12 20, not {dx.ravel()}. The middle pixel is in two windows."
    )
    assert np.shape(dw) == w.shape, f"dw must have the shape of w, {w.shape}, not {np.shape(dw)}."
    assert np.allclose(dw, [5, 8]), f"dw by hand: 5 8, not {dw.ravel()}."
    assert np.shape(db) == (1,), f"db must have the shape of b, (1,), not {np.shape(db)}."
    assert np.allclose(db, 3), f"db by hand: 3, not {db}."
    assert conv2d_backward(dout, conv2d_forward(x, w)[1])[2] is None, "Without a bias, db is None."

    row = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    dx, dw, _ = conv2d_backward(dout, conv2d_forward(row, w, stride=2)[1])
    assert np.shape(dx) == row.shape, f"stride=2: dx must have the shape of x, not {np.shape(dx)}."
    assert np.allclose(dx, [1, 10, 2, 20, 0]), f"stride=2: dx is 1 10 2 20 0 by hand, not {dx.ravel()}."
    assert np.allclose(dw, [7, 10]), f"stride=2: dw is 1*1 + 2*3 and 1*2 + 2*4 by hand, not {dw.ravel()}."

    out, cache = conv2d_forward(x, w, padding=1)
    dx, dw, _ = conv2d_backward(np.ones_like(out), cache)
    assert np.shape(dx) == x.shape, (
        f"padding=1: dx has no border, its shape is {x.shape}, not {np.shape(dx)}."
    )
    assert np.allclose(dx, 11), (
        f"padding=1: each pixel is met by the 1 and by the 10, so 11, not {dx.ravel()}."
    )
    assert np.allclose(dw, 6), (
        f"padding=1: 1 and 10 both meet all three pixels, so 6 and 6, not {dw.ravel()}."
    )

    channels = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # two pictures, two channels, one pixel
    mix = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]], [[[0.0]], [[1.0]]]])  # three filters
    upstream = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])[:, :, None, None]
    dx, dw, db = conv2d_backward(upstream, conv2d_forward(channels, mix, np.zeros(3))[1])
    assert np.allclose(dx[:, :, 0, 0], [[1, 12], [2, 1]]), "dx: sum over the filters, for each picture."
    assert np.allclose(dw[:, :, 0, 0], [[1, 2], [3, 4], [5, 8]]), (
        "dw: sum over the pictures, for each filter."
    )
    assert np.allclose(db, [1, 1, 3]), "db: sum over the pictures and pixels, for each filter."
