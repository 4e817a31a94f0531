"""Public checks of check_gradient. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "check_gradient"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"A right backward pass of x² y, and two wrong ones"')
def test_check_gradient(check_gradient):
    """A right backward pass of x² y, and two wrong ones."""
    _defined(check_gradient=check_gradient)

    def forward(x, y):
        return x**2 * y, (x, y)

    def worst(factor, ones=False):
        def backward(dout, cache):
            x, y = cache
            dout = np.ones(dout.shape) if ones else dout
            return 2 * x * y * dout, factor * x**2 * dout

        inputs = [np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 2.0])]
        return check_gradient(forward, backward, inputs, np.random.default_rng(0))

    assert worst(1.0) < 1e-6, f"For a right backward pass it is tiny, not {worst(1.0):g}."
    assert worst(1.1) > 1e-4, "The second gradient is 10 % too large, and you do not notice."
    assert worst(1.0, ones=True) > 1e-4, "A backward pass that ignores dout is not noticed: draw dout."
