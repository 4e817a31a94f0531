"""Public checks of MLP. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "MLP"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"A network on paper, then all gradients against measured ones"')
def test_MLP(MLP):
    """A network on paper, then all gradients against measured ones."""
    _defined(MLP=MLP)
    model = MLP([1, 1, 1], rng=np.random.default_rng(0))
    for layer, weight in zip(model.layers, (2.0, -3.0), strict=True):
        layer.weight[...] = weight
    logits = model.forward(np.array([[1.0], [-1.0]]))
    assert np.allclose(logits, [[-6], [0]]), f"1 -> 2 -> -6 and -1 -> -2 -> 0 -> 0; yours: {logits.ravel()}."
    model = MLP([3, 5, 4, 2], rng=np.random.default_rng(0))
    shapes = [np.shape(p) for p in model.params()]
    assert shapes == [(5, 3), (5,), (4, 5), (4,), (2, 4), (2,)], f"weight, bias, weight, ...: not {shapes}."
    x, dout = np.random.default_rng(1).normal(size=(6, 3)), np.random.default_rng(2).normal(size=(6, 2))
    before = model.forward(x)
    model.backward(dout)
    gradients = [np.array(g) for g in model.grads()]
    for number, p in enumerate(model.params()):
        place = (0,) * p.ndim
        p[place] += 1e-6
        slope = (dout * (model.forward(x) - before)).sum() / 1e-6
        p[place] -= 1e-6
        mine = gradients[number][place]
        assert abs(slope - mine) < 1e-3 * max(1, abs(mine)), (
            f"grads()[{number}] begins with {mine:.4f}; measured by way of params() it is {slope:.4f}."
        )
