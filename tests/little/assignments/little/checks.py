"""Public checks of little."""

import numpy as np


def test_windows(windows):
    """Windows of two places in four."""
    assert windows(4, 2) == 3, "Windows of two places in four: three."


def test_dense_forward(dense_forward):
    """One number."""
    assert dense_forward(np.ones((1, 1)), np.ones((1, 1)))[0].shape == (1, 1), "one number"


def test_dense_backward(dense_forward, dense_backward):
    """One number."""
    assert len(dense_backward(np.ones((1, 1)), dense_forward(np.ones((1, 1)), np.ones((1, 1)))[1])) == 3


def test_dense_class(Dense):
    """One number."""
    assert Dense(np.ones((1, 1)), np.ones(1)).forward(np.ones((1, 1))).shape == (1, 1), "one number"


def test_sgd(SGD):
    """One step."""
    p = np.ones(1)
    SGD([p], lr=1.0).step([np.ones(1)])
    assert p[0] == 0, "one step"
