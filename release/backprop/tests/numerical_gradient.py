"""Public checks of numerical_gradient. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "numerical_gradient"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


@test_case(name='"x² at 3, then an array, a large step, whole numbers and a view"')
def test_numerical_gradient(numerical_gradient):
    """x² at 3, then an array, a large step, whole numbers and a view."""
    _defined(numerical_gradient=numerical_gradient)

    def cubes(x):
        return float((x**3).sum())

    slope = numerical_gradient(lambda x: float((x**2).sum()), np.array([3.0]))
    assert np.shape(slope) == (1,), f"The gradient must have the shape of x, (1,), not {np.shape(slope)}."
    assert np.allclose(slope, 6), f"The slope of x² at 3 is 6, not {slope[0]:g}."
    x = np.array([[1.0, 2.0], [-3.0, 0.0]])
    slope = numerical_gradient(cubes, x)
    before = np.array([[1.0, 2.0], [-3.0, 0.0]])
    assert np.allclose(x, before, rtol=0, atol=1e-12), (
        "Afterwards x must hold the values that it held before."
    )
    assert np.allclose(slope, 3 * before**2), "Move one number at a time, and all others stay."
    slope = numerical_gradient(cubes, np.array([1.0]), 0.1)
    assert not np.allclose(slope, 3.31), "(f(x + h) - f(x)) / h is one-sided: take a step up and a step down."
    assert np.allclose(slope, 3.01), f"The central difference of x³ at 1, h = 0.1, is 3.01, not {slope[0]:g}."
    whole = numerical_gradient(cubes, np.array([1, 2]))
    assert np.allclose(whole, [3, 12]), f"For whole numbers 1 and 2: 3 and 12, not {whole}. Was h cut off?"
    view = np.arange(6.0).reshape(2, 3).T
    assert np.allclose(numerical_gradient(cubes, view), 3 * view**2), "A transposed x: f must see your step."
