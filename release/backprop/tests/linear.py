"""Public checks of linear. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "linear"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"The example by hand, then several samples and axes"')
def test_linear(linear_forward, linear_backward):
    """The example by hand, then several samples and axes."""
    _defined(linear_forward=linear_forward, linear_backward=linear_backward)
    x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    out, cache = linear_forward(x, w, np.array([0.5, 0.0]))
    assert np.allclose(out, [[21.5, 2100]]), f"By hand, with the bias (0.5, 0): 21.5 and 2100, not {out}."
    gradients = linear_backward(np.array([[1.0, 2.0]]), cache)
    assert isinstance(gradients, tuple) and len(gradients) == 3, "Return three things: dx, dw and db."
    for name, mine, hand in zip(
        ("dx", "dw", "db"), gradients, ([[201, 2010]], [[1, 2], [2, 4]], [1, 2]), strict=True
    ):
        assert np.shape(mine) == np.shape(hand), (
            f"{name} has the shape {np.shape(mine)}, not {np.shape(hand)}."
        )
        assert np.allclose(mine, hand), f"{name} by hand is {hand}, not {np.asarray(mine).tolist()}."
    assert linear_backward(out, linear_forward(x, w)[1])[2] is None, "Without a bias, db is None."
    x, w, dout = (
        np.arange(24.0).reshape(2, 4, 3),
        np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]),
        np.ones((2, 4, 2)),
    )
    out, cache = linear_forward(x, w, np.zeros(2))
    assert np.shape(out) == (2, 4, 2), f"x (2, 4, 3) and w (2, 3): out is (2, 4, 2), not {np.shape(out)}."
    dx, dw, db = linear_backward(dout, cache)
    assert np.shape(dx) == x.shape, f"dx must have the shape of x, {x.shape}, not {np.shape(dx)}."
    assert np.allclose(db, 8), f"Eight samples with dout 1: db is 8 and 8, not {db}. It is a sum."
    assert np.shape(dw) == w.shape, f"dw must have the shape of w, {w.shape}, not {np.shape(dw)}."
    assert np.allclose(dw, x.sum(axis=(0, 1))), "dw is a sum over all samples, whatever axes they stand in."
    assert np.allclose(dout, 1), "You have written into dout."
