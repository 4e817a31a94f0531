"""Compares a reply with the reference's reply: structure, shape and kind of dtype, never values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inside.wire import HandleRef
from .kinds import REAL, is_arraylike, is_number

UNNAMED = "The output"  # what a value is called to which a check gives no name
ORDINALS = ("1st", "2nd", "3rd", *(f"{n}th" for n in range(4, 100)))
LONGEST_AXIS = 9_999  # that is told
MOST_AXES = 4  # that are told where it is no array that is expected
_TYPE = re.compile(r"[A-Za-z_]{1,30}[0-9]{0,2}")  # a name with more digits could carry hidden inputs
# What arrays and tensors do not cross with, by the names that NumPy and torch give.
_ODD_DTYPES = frozenset(
    "longdouble clongdouble object_ str_ bytes_ void datetime64 timedelta64 "
    "bfloat16 complex32 complex64 complex128 uint16 uint32 uint64".split()
)
_ACCEPTED = "bool, int8 to int64, uint8 to uint64, float16, float32, float64, complex64 and complex128"
_ACCEPTED_BY_TORCH = "bool, int8 to int64, uint8, float16, float32 and float64, on the CPU"
KINDS = {
    "f": "real numbers",
    "i": "integers",
    "u": "unsigned integers",
    "b": "booleans",
    "c": "complex numbers",
}


@dataclass(frozen=True, eq=False)
class Compared:
    """Two arrays that should be the same."""

    what: str  # the subject of the sentence: "dw", "After step 2, params[0]"
    actual: np.ndarray
    expected: np.ndarray
    limits: tuple[float, float] = (0.0, 0.0)  # rtol and atol
    path: tuple[Any, ...] = ()  # to the two, in what was compared


class ReplyMismatch(AssertionError):
    """The reply has another structure, shape or kind of dtype than the task asks for.

    Attributes:
        compared: the two arrays, where shapes differ.
    """

    compared: Compared | None = None


def check_structure(actual: Any, expected: Any, name: str, verb: str = " returned ") -> None:
    """The outermost container only.

    Args:
        actual: what came.
        expected: what the reference gives.
        name: the subject of the sentence.
        verb: " returned " or " is ".

    Raises:
        ReplyMismatch: None or a single value came where several were expected, or another number of them.
    """
    if isinstance(expected, dict) and not (isinstance(actual, dict) and actual.keys() >= expected.keys()):
        _check_dict(actual, expected, name, verb)
    if not isinstance(expected, (tuple, list)):
        return
    if not isinstance(actual, (tuple, list)):
        raise ReplyMismatch(
            f"{name}{verb}{describe(actual)}; expected {len(expected)} values.{_forgotten(actual)}"
        )
    if len(actual) != len(expected):
        has = " has " if verb == " is " else verb
        raise ReplyMismatch(f"{name}{has}{count_told(len(actual))}; expected {len(expected)}.")


def check_part(actual: Any, expected: Any, what: str, verb: str) -> None:
    """Structure, type, shape and kind of dtype of a reply, or of one entry of it.

    Where the reference keeps an object of its own (a cache, an optimizer), anything is right.

    Args:
        actual: what came.
        expected: what the reference gives.
        what: the subject of the sentence: "conv2d_forward", "dx", "the 1st value that it returned".
        verb: " returned " or " is ".

    Raises:
        ReplyMismatch: with a sentence that says what came and what was expected.
    """
    if isinstance(expected, (tuple, list)):
        check_structure(actual, expected, what, verb)
        for index, (left, right) in enumerate(zip(actual, expected, strict=True)):
            _check_one(
                left, right, _part(f"{ORDINALS[min(index, 98)]} value", index, what, verb), " is ", index
            )
    elif isinstance(expected, dict):
        _check_dict(actual, expected, what, verb)
    else:
        _check_one(actual, expected, what, verb)


def _part(words: str, key: Any, what: str, verb: str) -> str:
    """A part in words: of what a function returned, or of what has a name."""
    return f"the {words} that {what} returned" if verb == " returned " else f"{what}[{key!r}]"


def _check_dict(actual: Any, expected: dict[Any, Any], name: str, verb: str) -> None:
    if not isinstance(actual, dict):
        raise ReplyMismatch(f"{name}{verb}{describe(actual)}; expected a dict.{_forgotten(actual)}")
    for key, value in expected.items():
        if key not in actual:
            raise ReplyMismatch(f"{name}{verb}a dict without the key {key!r}.")
        _check_one(actual[key], value, _part(f"value of {key!r}", key, name, verb), " is ", key)


def _check_one(actual: Any, expected: Any, what: str, verb: str, *path: Any) -> None:
    if expected is None or isinstance(expected, HandleRef):
        return
    if is_number(expected):
        if not is_number(actual):
            raise ReplyMismatch(f"{what}{verb}{describe(actual)}; expected one number.{_forgotten(actual)}")
    elif is_arraylike(expected):
        _check_array(actual, expected, what, verb, path)
        return
    elif type(expected) is not type(actual):
        raise ReplyMismatch(
            f"{what}{verb}{describe(actual)}; expected {describe(expected)}.{_forgotten(actual)}"
        )
    if is_number(expected):
        _check_kind(actual, expected, what, verb)


def _check_array(actual: Any, expected: Any, what: str, verb: str, path: tuple[Any, ...]) -> None:
    scalar = isinstance(expected, np.ndarray) and expected.ndim == 0 and is_number(actual)
    if not scalar and (not is_arraylike(actual) or _library(actual) != _library(expected)):
        raise ReplyMismatch(
            f"{what}{verb}{describe(actual)}; expected {describe(expected)}.{_forgotten(actual)}"
        )
    if not scalar and tuple(actual.shape) != tuple(expected.shape):
        has = " has the wrong shape" if verb == " is " else " returned the wrong shape"
        mismatch = ReplyMismatch(f"{what}{has}: {shapes_told(expected.shape, actual.shape)}.")
        mismatch.compared = Compared(what, _array(actual), _array(expected), path=path)
        raise mismatch
    _check_kind(actual, expected, what, verb)


def _check_kind(actual: Any, expected: Any, what: str, verb: str) -> None:
    left, right = kind(actual), kind(expected)
    if left != right and not REAL.issuperset((left, right)):
        raise ReplyMismatch(f"{what}{verb}{_numbers(actual)}; expected {_numbers(expected)}.")


def _array(value: Any) -> np.ndarray:
    return np.asarray(value.detach().numpy() if hasattr(type(value), "detach") else value)


def kind(value: Any) -> str:
    """The kind of numbers: b, i, u, f or c, as in ``numpy.dtype.kind``."""
    if _library(value) == "torch tensor":
        name = str(value.dtype).removeprefix("torch.")
        return "f" if name.startswith(("float", "bfloat")) else np.dtype(name).kind
    return np.asarray(value).dtype.kind


def describe(value: Any) -> str:
    """A value in words: its type and shape, never its contents."""
    if value is None:
        return "None"
    if isinstance(value, HandleRef):
        return _describe_object(value.name)
    if is_number(value):
        return "one number"
    if is_arraylike(value):
        return f"a {_library(value)} of shape {shape_told(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {count_told(len(value))}"
    return f"a {type(value).__name__}"


def shapes_told(expected: tuple[int, ...], actual: tuple[int, ...]) -> str:
    """Two shapes that should be one."""
    return f"expected {tuple(expected)}, got {shape_told(actual, expected)}"


def shape_told(shape: tuple[int, ...], expected: tuple[int, ...] | None = None) -> str:
    """A shape as students may be told: no more axes than expected, and none that is long.

    Code sees its hidden inputs, and the same inputs come again in a later attempt: lengths must not carry
    them out. An empty array can have any, so that of these only the lengths are told that are expected.
    """
    most = MOST_AXES if expected is None else len(expected)
    free = 0 not in shape
    axes = [
        str(n) if n <= LONGEST_AXIS and (free or n in (0, *(expected or ()))) else "..." for n in shape[:most]
    ]
    axes += ["..."] if len(shape) > most else []
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def _describe_object(name: str) -> str:
    """An object that stays with the student, by what its process says it is."""
    kind, _, dtype = name.partition(" ")
    if dtype in _ODD_DTYPES and kind in ("ndarray", "Tensor", "Parameter"):
        what, accepted = "torch tensor", _ACCEPTED_BY_TORCH
        if kind == "ndarray":
            what, accepted = "NumPy array", _ACCEPTED
        return f"a {what} of dtype {dtype.rstrip('_')} (accepted are {accepted})"
    return f"an object of type {kind}" if _TYPE.fullmatch(kind) and kind != "object" else "an object"


def _library(value: Any) -> str:
    return "NumPy array" if isinstance(value, (np.ndarray, np.generic)) else (
        "torch tensor" if is_arraylike(value) else type(value).__name__
    )  # fmt: skip


def _numbers(value: Any) -> str:
    dtype = str(getattr(value, "dtype", type(value).__name__)).removeprefix("torch.")
    return f"{KINDS.get(kind(value), 'values')} ({dtype})"


def count_told(number: int) -> str:
    """A number of values; how many exactly, only where they are few."""
    if number > LONGEST_AXIS:
        return f"more than {LONGEST_AXIS} values"
    return "1 value" if number == 1 else f"{number} values"


def _forgotten(actual: Any) -> str:
    return " Is there a return statement on every path?" if actual is None else ""
