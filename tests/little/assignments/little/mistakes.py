"""Known mistakes of little, and a correct variant."""

import numpy as np

from autograder.mistakes import edit, instead, mistake, variant
from solutions import little as reference

counts_places = mistake(
    edit(reference.windows, "// stride + 1", "// stride"),
    costs=(0.5, 1.0),
    says="You count the steps between windows, not the windows.",
    hint="One window takes no step.",
)

forgets_bias = mistake(
    edit(reference.dense_forward, "out = out + b", "out = out"),
    costs=(0.5, 1.0),
    says="b is not added.",
)

averages = mistake(
    edit(reference.dense_backward, "dout.sum(axis=0)", "dout.mean(axis=0)"),
    costs=(0.7, 1.0),
    says="db is averaged over the batch.",
    hint="Each row of the batch adds its part.",
)

stands_still = mistake(
    edit(reference.SGD, "v *= self.momentum", "v *= 0"),
    costs=(0.4, 1.0),
    says="Momentum is not used.",
)


def dense_forward_loops(x, w, b=None):
    """Row by row."""
    if x.shape[1] != w.shape[0]:
        raise ValueError
    out = np.stack([row @ w for row in x])
    return (out if b is None else out + b), {"x": x, "w": w}


def dense_backward_loops(dout, cache):
    """The cache is a dict here."""
    x, w = cache["x"], cache["w"]
    return np.einsum("nm,dm->nd", dout, w), np.einsum("nd,nm->dm", x, dout), dout.sum(0)


loops = variant(
    instead(reference.dense_forward, dense_forward_loops),
    instead(reference.dense_backward, dense_backward_loops),
)
