"""Public checks of activations. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "activations"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def measured(f, x, h=1e-6):
    """The slope of f for each number of a row x."""
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))])


@test_case(name='"Values by hand, then each slope against a measured one, and far away from 0"')
def test_activations(
    relu_forward, relu_backward, sigmoid_forward, sigmoid_backward, tanh_forward, tanh_backward
):
    """Values by hand, then each slope against a measured one, and far away from 0."""
    _defined(relu_forward=relu_forward, relu_backward=relu_backward, sigmoid_forward=sigmoid_forward, sigmoid_backward=sigmoid_backward, tanh_forward=tanh_forward, tanh_backward=tanh_backward)
    out, cache = relu_forward(np.array([-2.0, 3.0]), 0.5)
    assert np.allclose(out, [-1, 3]), f"A leaky ReLU with slope 0.5 makes -1 and 3 of -2 and 3, not {out}."
    assert np.allclose(relu_forward(np.array([-2.0, 3.0]))[0], [0, 3]), "Without a slope, -2 becomes 0."
    dout = np.array([10.0, 10.0])
    assert np.allclose(relu_backward(dout, cache), [5, 10]), "The slope of the leaky ReLU is 0.5, then 1."
    at_zero = relu_backward(dout, relu_forward(np.zeros(2))[1])
    assert np.allclose(at_zero, 0), f"At 0 the ReLU has the slope of the negative numbers, 0: not {at_zero}."
    assert np.allclose(dout, 10), "You have written into dout."
    assert np.allclose(sigmoid_forward(np.array([0.0, np.log(3)]))[0], [0.5, 0.75]), "sigmoid(log 3) is 3/4."
    with np.errstate(all="raise", under="ignore"):
        far = sigmoid_forward(np.array([1000.0, -1000.0]))[0]  # an overflow is an error here
    assert np.allclose(far, [1, 0]), f"The sigmoid of 1000 and -1000 is 1 and 0, not {far}."
    x = np.array([0.3, -1.2, 2.0])
    for name, forward, backward in (
        ("sigmoid", sigmoid_forward, sigmoid_backward),
        ("tanh", tanh_forward, tanh_backward),
    ):
        dx = backward(np.array([1.0, 2.0, 3.0]), forward(x)[1])
        expected = measured(lambda x, forward=forward: (forward(x)[0] * [1.0, 2.0, 3.0]).sum(), x)
        assert np.allclose(dx, expected, atol=1e-6), (
            f"{name}: dx is {dx}; measured it is {expected.round(4)}."
        )
