"""The layers of the units stack: a small network of the references learns to read handwritten digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from solutions.backprop import Linear, cross_entropy, relu_backward, relu_forward
from solutions.batchnorm import BatchNorm
from solutions.conv_layer import Conv2d
from solutions.dropout import Dropout
from solutions.optimizers import Adam
from solutions.pooling import MaxPool2d

HELD_OUT, BATCH, STEPS, LEAST = 397, 64, 250, 0.95


class ReLU:
    """A layer of two functions of the unit backprop."""

    def forward(self, x):
        out, self._cache = relu_forward(x)
        return out

    def backward(self, dout):
        return relu_backward(dout, self._cache)


class Flatten:
    """Pictures as rows."""

    def forward(self, x):
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return dout.reshape(self._shape)


def stack(rng):
    """Convolution, normalisation, pooling, dropout: each unit's layer by its attribute names alone."""
    return [
        Conv2d(1, 8, 3, padding=1, rng=rng),
        BatchNorm(8),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Dropout(0.25, rng=rng),
        Linear(8 * 4 * 4, 10, rng=rng),
    ]


def parameters(layers, suffix=""):
    """All weights and biases, or with ``_grad`` their gradients."""
    several = (getattr(layer, word + suffix, None) for layer in layers for word in ("weight", "bias"))
    return [each for each in several if each is not None]


def switch(layers, mode):
    for layer in layers:
        getattr(layer, mode, lambda: None)()


def run(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


@pytest.mark.parametrize("seed", [0, 1])
def test_a_network_of_all_units_reads_digits(seed):
    """95 % of held-out digits; dropout and normalisation change their ways by train() and eval()."""
    rng = np.random.default_rng(seed)
    digits = load_digits()
    order = rng.permutation(len(digits.data))
    x, y = digits.images[order, None] / 16, digits.target[order]
    layers = stack(rng)
    optimizer = Adam(parameters(layers), lr=0.01)
    switch(layers, "train")
    for _ in range(STEPS):
        rows = rng.integers(HELD_OUT, len(x), BATCH)
        _, dout = cross_entropy(run(layers, x[rows]), y[rows])
        for layer in reversed(layers):
            dout = layer.backward(dout)
        optimizer.step(parameters(layers, "_grad"))
    switch(layers, "eval")
    right = run(layers, x[:HELD_OUT]).argmax(axis=1) == y[:HELD_OUT]
    assert right.mean() >= LEAST
