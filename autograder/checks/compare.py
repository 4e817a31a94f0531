"""``assert_close``: tolerances by dtype, and a message that says how many, how far and where.

The message is read by students: it names sizes of differences and indices, never an
expected value, since the inputs of hidden checks are hidden.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .structure import UNNAMED, Compared, count_told, shapes_told

# (rtol, atol) by dtype; never scaled by the size of the array.
TOLERANCES = {"float16": (1e-2, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-8, 1e-10)}
NO_NUMBERS = "A number, an array or a tensor was expected; an object of another kind came."
COARSE = {("f", 2), ("f", 4), ("c", 8)}  # kind and bytes of float16, float32, complex64


class Difference(AssertionError):
    """Values differ by more than is allowed.

    Attributes:
        compared: the two arrays, where two were compared.
    """

    compared: Compared | None = None


def as_array(value: Any) -> np.ndarray:
    """An array of a number, array or tensor.

    A judge that computes with what came calls this first: an object that stayed in the student's process
    would be asked for the result.

    Raises:
        Difference: it is none of them.
    """
    value = looked(value)  # outside of what follows: an exception of student code is no matter of kinds
    if hasattr(type(value), "detach"):  # of its type: an object of the student's has any attribute
        value = value.detach().numpy()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:  # a ragged list
        raise Difference(NO_NUMBERS) from error
    if array.dtype.kind not in "biufc":
        raise Difference(NO_NUMBERS)
    return array


def is_reply(value: Any) -> bool:
    """Whether it is the place of an answer rather than a value."""
    return hasattr(type(value), "_expect")


def looked(value: Any) -> Any:
    """What came in a reply's place; anything else as it is."""
    return value.value if is_reply(value) else value


def tolerance(actual: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """(rtol, atol) for the coarser dtype; integers and booleans are exact.

    float16 counts only where it is expected: else an answer that is wrong in the third digit
    would pass for having been rounded.
    """
    kinds = [(array.dtype.kind, array.dtype.itemsize) for array in (actual, expected)]
    if kinds[1] == ("f", 2):
        return TOLERANCES["float16"]
    if not COARSE.isdisjoint(kinds):
        return TOLERANCES["float32"]
    exact = all(kind in "biu" for kind, _ in kinds)
    return (0.0, 0.0) if exact else TOLERANCES["float64"]


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    what: str = UNNAMED,
) -> None:
    """Every value within ``atol + rtol * |expected|``; NaN is close to nothing.

    Args:
        actual: number, array, tensor, or a list or tuple of them.
        expected: the same structure.
        rtol, atol: both or neither; by dtype where left out.
        what: the subject of the message, such as "dx".

    Raises:
        Difference: shapes or values differ.
    """
    if (rtol is None) != (atol is None):
        raise TypeError("give both rtol and atol, or neither")
    limits = None if rtol is None or atol is None else (rtol, atol)
    _compare(looked(actual), looked(expected), limits, what)


def _compare(
    actual: Any, expected: Any, limits: tuple[float, float] | None, what: str, path: tuple[int, ...] = ()
) -> None:
    if isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(actual) != len(expected):
            raise Difference(f"{what}: {count_told(len(actual))} came, {len(expected)} were expected.")
        for index, (left, right) in enumerate(zip(actual, expected, strict=True)):
            _compare(looked(left), looked(right), limits, f"{what}[{index}]", (*path, index))
        return
    left, right = as_array(actual), as_array(expected)
    if left.shape != right.shape:
        told = f"has the wrong shape: {shapes_told(right.shape, left.shape)}."
        raise _difference(told, Compared(what, left, right, path=path))
    if (left == right).all():  # the usual case, and NaN equals nothing
        return
    allowed = tolerance(left, right) if limits is None else limits
    wrong = mismatches(left, right, *allowed)
    if wrong.any():
        raise _difference(_describe(left, right, wrong), Compared(what, left, right, allowed, path))


def _difference(told: str, compared: Compared) -> Difference:
    found = Difference(f"{compared.what} {told}")
    found.compared = compared
    return found


def mismatches(left: np.ndarray, right: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Where two arrays of one shape differ by more than is allowed; NaN differs from everything."""
    left, right = _wide(left), _wide(right)
    with np.errstate(all="ignore"):
        close = np.isfinite(right) & (np.abs(left - right) <= atol + rtol * np.abs(right))
    return ~(close | (left == right))


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _describe(left: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> str:
    bad = int(np.count_nonzero(wrong & ~np.isfinite(left)))
    if bad and np.isfinite(right).all():
        return f"contains NaN or infinity in {bad} of {left.size} values."
    with np.errstate(all="ignore"):
        size = np.nan_to_num(np.abs(_wide(left) - _wide(right)), nan=np.inf)
    worst = np.unravel_index(int(np.argmax(np.where(wrong, size, -1))), left.shape)
    place = f" at index {tuple(int(i) for i in worst)}" if left.ndim else ""
    count = (
        f"differs in {np.count_nonzero(wrong)} of {left.size} values; the"
        if left.size > 1
        else "is wrong; the"
    )
    return f"{count} greatest difference is {size[worst]:.3g}{place}."
