"""Values of another type than the task asks for: a right number is right in any of them.

A tensor or an array without axes where a number is expected, an array where a list of numbers is, a list
for a tuple, whole numbers for real ones and real ones for whole: their values are compared as if
they had the type that is asked. What is lost at most is a criterion about the type (``dtype``), which asks
for it by name. Public checks follow the same rule (``unit.shown``), and say what differs.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

REAL = frozenset("iuf")  # kinds of numbers that may stand for one another


def in_kind(value: Any, asked: Any) -> Any:
    """A value in the type of what is asked, where only that differs; else the value itself."""
    if isinstance(asked, (list, tuple)):
        return _several(value, asked)
    if isinstance(asked, dict) and isinstance(value, dict):
        changed = {key: in_kind(item, asked[key]) if key in asked else item for key, item in value.items()}
        return value if all(changed[key] is value[key] for key in value) else changed
    return _scalar(value) if is_number(asked) and not isinstance(asked, np.ndarray) else value


def _several(value: Any, asked: list[Any] | tuple[Any, ...]) -> Any:
    if is_arraylike(value) and tuple(value.shape) == (len(asked),) and all(map(is_number, asked)):
        value = [_scalar(item) for item in value]
    if not isinstance(value, (list, tuple)) or len(value) != len(asked):
        return value
    changed = type(asked)(in_kind(item, other) for item, other in zip(value, asked, strict=True))
    same = type(value) is type(asked) and all(map(operator.is_, changed, value))
    return value if same else changed


def _scalar(value: Any) -> Any:
    """A number of what has no axes."""
    if not is_arraylike(value) or value.ndim:
        return value
    return (value.detach().numpy() if hasattr(value, "detach") else value)[()]


def is_number(value: Any) -> bool:
    """A scalar of Python or NumPy, or a NumPy array without axes."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, (bool, int, float, complex, np.generic))


def is_arraylike(value: Any) -> bool:
    """An array or a tensor."""
    return isinstance(value, np.ndarray) or type(value).__name__ in ("Tensor", "Parameter")
