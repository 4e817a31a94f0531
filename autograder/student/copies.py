"""Copies of what a check sends, for those who work on it in this process."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np


def copied(value: Any) -> Any:
    """A copy of an array, tensor or generator in the same layout; anything else as it is."""
    kind = type(value)
    if kind is np.ndarray:
        return value.copy(order="K")
    if kind.__name__ in ("Tensor", "Parameter"):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if kind is np.random.Generator:
        return copy.deepcopy(value)
    return value.clone_state() if hasattr(value, "clone_state") else value
