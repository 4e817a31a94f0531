"""A program, and the inputs to try it on, as JSON data and back.

Plain values stand for themselves, everything else is a list that begins with what it is:
``["blank", 0, [2, 3], "float64", ...]``.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from .programs import (
    Attribute,
    Blank,
    Members,
    Name,
    Operator,
    Part,
    Program,
    ProgramStep,
    Returned,
    Seeded,
    Shipped,
    Subscript,
)
from .smallest import Candidate

_KINDS = (
    *(
        Attribute,
        Blank,
        Candidate,
        Subscript,
        Members,
        Name,
        Operator,
        Part,
        Program,
        Returned,
        Seeded,
        Shipped,
        ProgramStep,
    ),
)
PARTS: dict[str, type] = {kind.__name__.lower(): kind for kind in _KINDS}


def to_data(value: Any) -> Any:
    """A candidate, or a part of one, as JSON data."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple, frozenset):
        return [kind.__name__, *map(to_data, value)]
    if kind is dict:
        return ["dict", *([to_data(key), to_data(item)] for key, item in value.items())]
    if value is ...:
        return ["ellipsis"]
    if kind is slice:
        return ["slice", *map(to_data, (value.start, value.stop, value.step))]
    if isinstance(value, np.dtype):
        return ["dtype", value.str]
    return [kind.__name__.lower(), *(to_data(getattr(value, part.name)) for part in fields(kind))]


def from_data(data: Any) -> Any:
    """What ``to_data`` was given.

    Raises:
        ValueError, TypeError, LookupError: the data is damaged.
    """
    if not isinstance(data, list):
        return data
    kind, *parts = data
    if kind == "dict":
        return {from_data(key): from_data(item) for key, item in parts}
    values = [from_data(part) for part in parts]
    if kind in ("list", "tuple", "frozenset"):
        return {"list": list, "tuple": tuple, "frozenset": frozenset}[kind](values)
    if kind == "ellipsis":
        return ...
    if kind == "slice":
        return slice(*values)
    return np.dtype(*values) if kind == "dtype" else PARTS[kind](*values)
