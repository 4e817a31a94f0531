"""When two values are the same: up to rounding, and without asking an object of the student's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inside.wire import HandleRef

RTOL = 1e-6  # two ways to write one mistake differ by rounding, which training amplifies
ZERO = 1e-15  # what rounding leaves of a zero in numbers about one


def same_value(left: Any, right: Any, single: bool = False) -> bool:
    """Whether two replies are equal up to rounding; objects that stayed behind are not looked into.

    Args:
        left: one reply.
        right: the other.
        single: they come from float32 numbers, and are no more exact than these, whatever their dtype.
    """
    if isinstance(left, HandleRef) or isinstance(right, HandleRef):
        return isinstance(left, HandleRef) and isinstance(right, HandleRef)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(
            same_value(mine, other, single) for mine, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_value(left[key], right[key], single) for key in left)
    if _numeric(left) and _numeric(right):
        return same_array(plain(left), plain(right), single)
    return type(left) is type(right) and _equal(left, right)


def same_array(left: np.ndarray, right: np.ndarray, single: bool = False) -> bool:
    """Shape, dtype (of integers only that they are), NaN at the same places, values up to rounding."""
    if left.shape != right.shape or left.dtype.kind != right.dtype.kind:
        return False
    if left.dtype.kind not in "fc":
        return bool(np.array_equal(left, right))
    if left.dtype != right.dtype:
        return False
    if np.array_equal(left, right):
        return True  # a fifth of what is to come, and true of nearly all that is compared
    if not np.any(right) or not np.any(left):
        return bool(np.max(np.abs(left - right), initial=0.0) <= ZERO)
    single = single or left.dtype.itemsize < 8
    scale = float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))
    rtol = 1e-4 if single else RTOL
    return bool(np.allclose(left, right, rtol=rtol, atol=rtol * 1e-3 * scale, equal_nan=True))


def plain(value: Any) -> np.ndarray:
    """A number, array or tensor as a NumPy array."""
    return np.asarray(value.detach().numpy() if is_tensor(value) else value)


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; asks no attribute, since an object of the student's would answer."""
    return type(value).__name__ in ("Tensor", "Parameter")


def _numeric(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.ndarray, np.generic)) or is_tensor(value)


def _equal(left: Any, right: Any) -> bool:
    """Plain equality, where a type has a useful one; a generator, say, has none."""
    return not isinstance(left, (bool, str, bytes, slice, np.dtype)) or bool(left == right)
