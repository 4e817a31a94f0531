"""Laws that a right answer obeys, whatever formula it was written with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import Difference, as_array, assert_close, looked, mismatches
from .structure import count_told, shape_told


def assert_gradient(
    f: Callable[[np.ndarray], Any],
    x: np.ndarray,
    grad: Any,
    dout: Any,
    rng: np.random.Generator,
    *,
    directions: int = 3,
    h: float = 1e-5,
    name: str = "dx",
) -> None:
    """``grad`` is the derivative of ``<dout, f(x)>`` with respect to ``x``.

    A few random directions u of unit length, central differences in float64:
    ``<dout, f(x + h u) - f(x - h u)> / 2h`` against ``<grad, u>``. Few directions, since
    each evaluation of a student's ``f`` is a round trip.

    Args:
        f: maps an array of x's shape to an array of dout's shape.
        x: float64, any shape; away from kinks of f by more than h.
        grad: what is claimed to be the gradient; x's shape.
        dout: upstream gradient, random rather than ones.
        rng: draws the directions.
        directions: how many.
        h: step.
        name: the gradient's name in the message.

    Raises:
        Difference: shapes differ, or the slope along a direction does.
    """
    grad, dout = as_array(grad), as_array(dout)
    if grad.shape != x.shape:
        told = shape_told(grad.shape, x.shape)
        raise Difference(f"{name} has shape {told}; it must have the shape {x.shape} of its input.")
    for _ in range(directions):
        u = rng.standard_normal(x.shape)
        u /= np.linalg.norm(u) or 1.0
        rise = as_array(f(x + h * u)) - as_array(f(x - h * u))
        numeric = float(np.sum(dout * rise)) / (2 * h)
        claimed = float(np.sum(grad * u))
        size = max(abs(numeric), abs(claimed))
        # Infinity would be within any share of itself.
        if not (math.isfinite(size) and abs(numeric - claimed) <= 1e-6 + 1e-5 * size):
            raise Difference(
                f"{name} is not the derivative of your own forward function: along a random direction the "
                f"output changes at another rate than {name} says (relative difference "
                f"{abs(numeric - claimed) / (size or 1.0):.2g})."
            )


def assert_adjoint(left: Any, right: Any, *, scale: float = 1.0, law: str) -> None:
    """Two inner products agree to 1e-10 of ``scale``; ``law`` is the sentence that failed.

    Source: the adjoint identity <A x, y> = <x, A' y>.

    Raises:
        Difference: they do not, or one of them is no number.
    """
    left, right = (_number(each, law) for each in (left, right))
    size = max(1.0, abs(scale), abs(left))
    if not (math.isfinite(size) and abs(left - right) <= 1e-10 * size):
        raise Difference(f"{law} does not hold.")


def assert_unchanged(before: Any, after: Any, name: str) -> None:
    """An argument was not modified in place.

    Raises:
        Difference: it was.
    """
    left, right = as_array(before), as_array(after)
    if left.shape != right.shape or mismatches(left, right, 0.0, 0.0).any():
        raise Difference(f"{name} was modified in place; work on a copy.")


def assert_dtype(actual: Any, dtype: Any, name: str) -> None:
    """An array or tensor has the given dtype.

    Raises:
        Difference: it has another, or is neither.
    """
    actual = looked(actual)
    as_array(actual)  # an object of the student's has whatever dtype it likes
    came = str(getattr(actual, "dtype", type(actual).__name__)).removeprefix("torch.")
    asked = str(dtype).removeprefix("torch.") if not isinstance(dtype, type) else np.dtype(dtype).name
    if came != asked:
        raise Difference(f"{name} has dtype {came}; expected {asked}.")


def _number(value: Any, law: str) -> float:
    array = as_array(value)
    if array.size != 1:
        raise Difference(f"{law} does not hold: {count_told(array.size)} came in place of one.")
    return float(array.reshape(()))


__all__ = ["assert_adjoint", "assert_close", "assert_dtype", "assert_gradient", "assert_unchanged"]
