"""Public checks of conv2d_class. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "conv2d_class"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"Shapes, spread of the weights, and the example by hand as a layer"')
def test_conv2d_class(Conv2d):
    """Shapes, spread of the weights, and the example by hand as a layer."""
    _defined(Conv2d=Conv2d)
    layer = Conv2d(16, 32, kernel_size=5, rng=np.random.default_rng(0))
    assert np.shape(layer.weight) == (32, 16, 5, 5), (
        f"weight must be (F, C, KH, KW), not {np.shape(layer.weight)}."
    )
    spread = layer.weight.std() / np.sqrt(2 / (16 * 5 * 5))
    assert 0.95 < spread < 1.05, f"The spread of the weights is {spread:.3g} times what it should be."
    again = Conv2d(16, 32, kernel_size=5, rng=np.random.default_rng(0))
    assert np.allclose(layer.weight, again.weight), "Two equal rngs must give equal weights: use only rng."
    assert np.allclose(layer.bias, np.zeros(32)), "bias must be 32 zeros."
    assert Conv2d(1, 1, kernel_size=1, bias=False, rng=np.random.default_rng(0)).bias is None, (
        "bias=False: None."
    )

    layer = Conv2d(1, 1, kernel_size=1, stride=2, rng=np.random.default_rng(0))
    layer.weight, layer.bias = np.array([[[[10.0]]]]), np.array([100.0])
    out = layer.forward(np.array([[[[1.0, 2.0, 3.0]]]]))
    assert np.allclose(out, [110, 130]), f"10 x + 100 at every second pixel: 110 130, not {np.ravel(out)}."
    dx = layer.backward(np.array([[[[1.0, 2.0]]]]))
    assert np.allclose(dx, [10, 0, 20]), f"backward must return dx, here 10 0 20, not {dx}."
    assert np.allclose(layer.weight_grad, 7), "weight_grad must be 1*1 + 2*3 = 7 after backward."
    assert np.allclose(layer.bias_grad, 3), "bias_grad must be 1 + 2 = 3 after backward."
