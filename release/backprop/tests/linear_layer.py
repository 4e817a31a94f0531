"""Public checks of linear_layer. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "linear_layer"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"Weights, a pass there and back, and a second one"')
def test_linear_layer(Linear):
    """Weights, a pass there and back, and a second one."""
    _defined(Linear=Linear)
    layer = Linear(3, 200, rng=np.random.default_rng(0))
    assert np.shape(layer.weight) == (200, 3), (
        f"weight is (out, in) = (200, 3), not {np.shape(layer.weight)}."
    )
    spread = np.std(layer.weight)
    assert 0.7 < spread < 0.93, f"Weights of 3 inputs spread by sqrt(2/3) = 0.82; yours by {spread:.2f}."
    drawn = np.random.default_rng(0).normal(0, (2 / 3) ** 0.5, size=(200, 3))
    assert np.allclose(layer.weight, drawn), "Draw the weights in one call of rng.normal, in their shape."
    assert np.allclose(layer.bias, np.zeros(200)), "The bias begins at 0."
    assert Linear(3, 2, bias=False, rng=np.random.default_rng(0)).bias is None, "bias=False: bias is None."
    layer.weight, layer.bias = np.array([[1.0, 10.0, 100.0]]), np.array([0.5])
    for scale in (1.0, 2.0):
        out = layer.forward(np.array([[1.0, 2.0, 3.0]]))
        assert np.allclose(out, 321.5), f"1 + 20 + 300 + 0.5 is 321.5, not {out}."
        dx = layer.backward(np.array([[scale]]))
        assert np.allclose(dx, [[scale, 10 * scale, 100 * scale]]), "backward returns dx."
        assert np.allclose(layer.weight_grad, [[scale, 2 * scale, 3 * scale]]), (
            "backward sets weight_grad anew."
        )
        assert np.allclose(layer.bias_grad, scale), "backward sets bias_grad anew."
