"""Relations between whole arrays of one shape: times, plus, flipped, reordered, rounded."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .pair import RTOL, Pair, along, close, gap_of, orders, telling


def _dtype(pair: Pair) -> str | None:
    actual, expected = pair.actual.dtype, pair.expected.dtype
    if actual == expected or actual.kind != "f" or expected.kind != "f":
        return None
    if not close(pair.actual.astype(float), pair.expected.astype(float), rtol=1e-4):
        return None
    return f"has right values of dtype {actual}; expected {expected}"


def _not_finite(pair: Pair) -> str | None:
    bad = ~np.isfinite(pair.actual)
    if not bad.any() or not np.isfinite(pair.expected).all():
        return None
    return "contains NaN or infinity: is there a division by zero, log(0) or an exp that overflows?"


def _zero(pair: Pair) -> str | None:
    if pair.actual.any() or not pair.expected.any():
        return None
    return "is zero everywhere" if pair.actual.size > 1 else "is 0 here"


def _times(pair: Pair) -> str | None:
    if not telling(pair.expected):
        return None
    factor = float(np.vdot(pair.expected, pair.actual).real / np.vdot(pair.expected, pair.expected).real)
    if not np.isfinite(factor) or factor == 0 or not close(pair.actual, factor * pair.expected):
        return None
    if abs(factor + 1) < RTOL:
        return "is right apart from its sign"
    return f"equals the right one {_factor(factor, pair.arguments)}"


def _plus(pair: Pair) -> str | None:
    gap = gap_of(pair)
    if not telling(pair.expected) or not close(gap, np.full_like(gap, gap.flat[0])):
        return None
    return "differs from the right one by the same amount everywhere"


def _moved(pair: Pair) -> str | None:
    """Flipped, transposed, or both."""
    for name, turned in _turns(pair.expected):
        if turned.shape == pair.actual.shape and close(pair.actual, turned):
            return f"is the right one {name}"
    return None


def _shifted(pair: Pair) -> str | None:
    for axis in range(pair.expected.ndim):
        if pair.expected.shape[axis] < 3:
            continue
        left, right = _ends(pair.actual, axis), _ends(pair.expected, axis)
        if telling(right[0]) and (close(left[1], right[0]) or close(left[0], right[1])):
            return f"is the right one shifted by one place along {along(axis, pair.expected.ndim)}"
    return None


def _reordered(pair: Pair) -> str | None:
    for axis in range(pair.expected.ndim):
        rows, wanted = np.moveaxis(pair.actual, axis, 0), np.moveaxis(pair.expected, axis, 0)
        if len(wanted) > 1 and len(wanted) <= 64 and telling(wanted[0]) and _same_set(rows, wanted):
            return f"holds the right values in another order along {along(axis, pair.expected.ndim)}"
    return None


def _cut_to_integers(pair: Pair) -> str | None:
    if pair.expected.dtype.kind != "f" or close(np.rint(pair.expected), pair.expected):
        return None
    for cut in (np.trunc, np.floor, np.rint):
        if np.array_equal(pair.actual, cut(pair.expected)):
            return "is the right one cut to whole numbers, as if it were stored in an array of integers"
    return None


def _single_precision(pair: Pair) -> str | None:
    if pair.actual.dtype.kind != "f" or pair.expected.dtype != np.float64:
        return None
    if not close(pair.actual, pair.expected, rtol=1e-5):
        return None
    return "is right to about six digits only: is something in float32, or a step too large?"


def _per_axis(pair: Pair) -> str | None:
    """Off by an amount or a factor that depends on one axis only."""
    axes = pair.expected.ndim
    if axes < 2 or not telling(pair.expected):
        return None
    for axis in range(axes):
        others = tuple(other for other in range(axes) if other != axis)
        if min(pair.expected.shape[axis], pair.expected.size // pair.expected.shape[axis]) < 2:
            continue
        gap = gap_of(pair)
        if close(gap, np.broadcast_to(gap.mean(axis=others, keepdims=True), gap.shape)):
            return f"differs from the right one by an amount that depends only on {along(axis, axes)}"
        ratio = pair.actual / pair.expected
        if close(ratio, np.broadcast_to(ratio.mean(axis=others, keepdims=True), ratio.shape)):
            return f"equals the right one times a factor that depends only on {along(axis, axes)}"
    return None


def _factor(factor: float, arguments: Mapping[str, Any]) -> str:
    for sign, number in (("", factor), ("minus ", -factor)):
        for size, name in _sizes(arguments).items():
            if abs(number - size) < RTOL * size:
                return f"times {sign}{size}, {name}: is a division by it missing?"
            if abs(number * size - 1) < RTOL:
                return f"divided by {sign}{size}, {name}: is it averaged instead of summed, or divided twice?"
    if abs(factor - 2) < RTOL:
        return "times 2: is something counted twice, or a factor 1/2 missing?"
    if abs(factor - 0.5) < RTOL:
        return "times 1/2"
    return f"times {factor:.4g}"


def _sizes(arguments: Mapping[str, Any]) -> dict[int, str]:
    """Lengths and products of lengths of the arguments above 2, in words: of two origins both are told."""
    words: dict[int, list[str]] = {}
    for size, name in (*_lengths(arguments), *_counts(arguments)):
        if size > 2 and name not in words.setdefault(size, []):
            words[size].append(name)
    return {size: " or ".join(names[:2]) for size, names in words.items()}


def _lengths(arguments: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for name, value in arguments.items():
        for axis, length in enumerate(np.shape(value) if isinstance(value, np.ndarray) else ()):
            yield length, f"the length of axis {axis} of {name}" + (" (the batch)" if axis == 0 else "")


def _counts(arguments: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """How many values an array has, one index of it, a window of it."""
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and value.ndim > 1:
            yield value.size, f"the number of values in {name}"
            if value.ndim == 4:
                yield value.shape[2] * value.shape[3], f"the number of values in one picture of {name}"
            for axis, length in enumerate(value.shape):
                yield (
                    value.size // max(length, 1),
                    (f"the number of values of {name} for one index of axis {axis}"),
                )


def _turns(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    if not telling(array):
        return
    long = [axis for axis, length in enumerate(array.shape) if length > 1]
    for count in (1, 2):
        for axes in itertools.combinations(long, count):
            yield (
                f"flipped along {' and '.join(along(axis, array.ndim) for axis in axes)}",
                np.flip(array, axes),
            )
    for order in orders(array.ndim):
        if array.transpose(order).shape == array.shape:
            yield f"with its axes in the order {order}", array.transpose(order)


def _ends(array: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.moveaxis(array, axis, 0)
    return rows[:-1], rows[1:]


def _same_set(rows: np.ndarray, wanted: np.ndarray) -> bool:
    left = list(range(len(wanted)))
    for row in rows:
        match = next((index for index in left if close(row, wanted[index])), None)
        if match is None:
            return False
        left.remove(match)
    return True


WHOLE = (
    _dtype,
    _not_finite,
    _zero,
    _single_precision,
    _times,
    _plus,
    _cut_to_integers,
    _moved,
    _shifted,
    _reordered,
    _per_axis,
)
