"""A dense layer: the reference solution."""

import numpy as np


def windows(size, kernel, stride=1):
    """How many windows of ``kernel`` places fit into ``size`` places.

    Args:
        size: places, a whole number.
        kernel: places of one window, a whole number.
        stride: places from one window to the next, a whole number above 0.

    Returns:
        A whole number; 0 where no window fits.

    Raises:
        ValueError: stride is below 1.
    """
    if stride < 1:
        raise ValueError(f"stride is {stride}, expected 1 or more")
    return max(0, (size - kernel) // stride + 1)


def dense_forward(x, w, b=None):
    """Scores of a dense layer.

    Args:
        x: inputs, float array of shape (N, D).
        w: weights, float array of shape (D, M).
        b: bias, float array of shape (M,), or None.

    Returns:
        A pair (out, cache): out = x w + b of shape (N, M), and whatever dense_backward needs.

    Raises:
        ValueError: x has not as many columns as w has rows.
    """
    if x.shape[1] != w.shape[0]:
        raise ValueError("x has not as many columns as w has rows")
    out = x @ w
    if b is not None:
        out = out + b
    return out, (x, w)


def dense_backward(dout, cache):
    """Gradients of dense_forward.

    Args:
        dout: upstream gradient, float array of shape (N, M).
        cache: what dense_forward returned.

    Returns:
        (dx, dw, db) of the shapes of x, w and b.
    """
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


class Dense:
    """A dense layer that remembers what it was given.

    Args:
        w: weights, float array of shape (D, M).
        b: bias, float array of shape (M,).
    """

    def __init__(self, w, b):
        """Keep the parameters; there are no gradients yet."""
        self.w, self.b = w, b
        self.w_grad = self.b_grad = None

    def forward(self, x):
        """Scores for x."""
        out, self.cache = dense_forward(x, self.w, self.b)
        return out

    def backward(self, dout):
        """The gradient of x; those of the parameters are kept as w_grad and b_grad."""
        dx, self.w_grad, self.b_grad = dense_backward(dout, self.cache)
        return dx


class SGD:
    """Gradient descent with momentum, in place.

    Args:
        params: list of float arrays, which step changes in place.
        lr: step size.
        momentum: the share of the last step that is made again.
    """

    def __init__(self, params, lr, momentum=0.0):
        """Keep the parameters; nothing has moved yet."""
        self.params, self.lr, self.momentum = params, lr, momentum
        self.moved = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Move each parameter along its gradient."""
        for p, v, g in zip(self.params, self.moved, grads):
            v *= self.momentum
            v -= self.lr * g
            p += v
