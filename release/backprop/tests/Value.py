"""Public checks of Value. The hidden checks decide the mark; these say early what goes wrong."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "Value"
points = None


def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")


def measured(f, x, h=1e-6):
    """The slope of f for each number of a row x."""
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))])


@test_case(name='"Each operation by itself, against a measured slope"')
def test_Value_operators(Value):
    """Each operation by itself, against a measured slope."""
    _defined(Value=Value)
    formulas = {
        "a + b": lambda a, b: a + b,
        "(a + b) * a": lambda a, b: (a + b) * a,
        "(a - b) / a": lambda a, b: (a - b) / a,
        "-(a / b)": lambda a, b: -(a / b),
        "a ** 3": lambda a, b: a**3,
        "b ** -2": lambda a, b: b**-2,
        "a.exp()": lambda a, b: a.exp(),
        "a.log()": lambda a, b: a.log(),
        "(a * b).tanh()": lambda a, b: (a * b).tanh(),
        "a.relu() + (-b).relu()": lambda a, b: a.relu() + (-b).relu(),
        "2 + a - 3": lambda a, b: 2 + a - 3,
        "2 - a": lambda a, b: 2 - a,
        "2 * a / 4": lambda a, b: 2 * a / 4,
        "2 / a": lambda a, b: 2 / a,
    }
    for name, formula in formulas.items():
        x = np.array([1.5, 0.5])
        a, b = Value(1.5), Value(0.5)
        formula(a, b).backward()
        expected = measured(lambda x, formula=formula: formula(Value(x[0]), Value(x[1])).data, x)
        assert np.allclose([a.grad, b.grad], expected, atol=1e-6), (
            f"{name} with a = 1.5, b = 0.5: your grads are {a.grad:g} and {b.grad:g}, the measured slopes "
            f"of your data are {expected[0]:g} and {expected[1]:g}."
        )


@test_case(name='"The example by hand, and values that are used twice"')
def test_Value(Value):
    """The example by hand, and values that are used twice."""
    _defined(Value=Value)
    a, b = Value(3.0), Value(2.0)
    z = (a + b) * (a - b)
    z.backward()
    assert z.data == 5, f"(3 + 2)(3 - 2) is 5, not {z.data:g}."
    assert a.grad == 6, f"a.grad by hand is 6, not {a.grad:g}: a gets a share from a + b and one from a - b."
    assert b.grad == -4, f"b.grad by hand is -4, not {b.grad:g}."
    assert np.isclose((2 - a).data, -1), f"2 - a with a = 3 is -1, not {(2 - a).data:g}."
    for name, formula in {"e + (e + 1)": lambda e: e + (e + 1), "(e + 1) + e": lambda e: (e + 1) + e}.items():
        a = Value(1.0)
        formula(a + 1).backward()
        assert a.grad == 2, (
            f"{name} with e = a + 1: a.grad is 2, not {a.grad:g}. e must wait for both shares."
        )
    a = Value(1.0)
    (a + 1).backward()
    (a + 2).backward()
    assert a.grad == 2, f"The grads of two expressions add up to 2 for a, not {a.grad:g}."
