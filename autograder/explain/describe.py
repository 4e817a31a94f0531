"""Values as staff read them: in full where they are small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..inside.wire import HandleRef
from ..student.faults import clean
from ..student.steps import PLACES, Lent, is_lent
from .same import is_tensor, plain

SHOWN = 24  # numbers of an array that are written out


def describe(value: Any, place: Callable[[Any], str] = str) -> str:
    """A value in full where it is small, else its shape, range and first numbers.

    ``place`` says where something comes from that an earlier step made.
    """
    if isinstance(value, HandleRef):
        return f"<{clean(value.name, 60)}>"
    if isinstance(value, PLACES):
        return place(value)
    if isinstance(value, np.ndarray) or is_tensor(value):
        return _array(plain(value))
    if type(value) in (list, tuple):
        items = ", ".join(describe(item, place) for item in value)
        return f"[{items}]" if type(value) is list else f"({items}{',' * (len(value) == 1)})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {describe(item, place)}" for key, item in value.items()) + "}"
    if is_lent(value):
        return f"<{_lent_name(value)} of the check>"
    if type(value).__name__ == "Generator":
        return "<Generator>"
    return clean(repr(value), 200)


def key_text(value: Any, text: Callable[[Any], str]) -> str:
    """What stands in square brackets: slices have colons there, and a tuple needs no brackets."""
    if type(value) is tuple and value:
        return ", ".join(key_text(each, text) for each in value) + ("," if len(value) == 1 else "")
    if value is ...:
        return "..."
    if not isinstance(value, slice):
        return text(value)
    ends = ["" if end is None else repr(end) for end in (value.start, value.stop)]
    return ":".join(ends) + ("" if value.step is None else f":{value.step!r}")


def _lent_name(value: Any) -> str:
    if isinstance(value, Lent):
        return type(value.target).__name__
    return str(getattr(value, "__name__", type(value).__name__)).replace("<lambda>", "function")


def _array(array: np.ndarray) -> str:
    kind = f"{array.dtype}{list(array.shape)}"
    if array.size <= SHOWN:
        return f"{kind} {' '.join(np.array2string(array, separator=', ', precision=6).split())}"
    first = " ".join(np.array2string(array.ravel()[:6], separator=", ", precision=6)[1:-1].split())
    if array.dtype.kind not in "fiu":
        return f"{kind} {first}, ..."
    if not np.isfinite(array).any():
        return f"{kind} nowhere finite: {first}, ..."
    return f"{kind} from {np.nanmin(array):.4g} to {np.nanmax(array):.4g}: {first}, ..."
