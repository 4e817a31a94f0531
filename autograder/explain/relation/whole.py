"""Relations between whole arrays of one shape: times, plus, flipped, reordered, rounded."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from .factors import of_a_number, of_an_array
from .pair import Pair, along, close, gap_of, orders, telling


def _dtype(pair: Pair) -> str | None:
    actual, expected = pair.actual.dtype, pair.expected.dtype
    if actual == expected or actual.kind != "f" or expected.kind != "f":
        return None
    if not close(pair.actual.astype(float), pair.expected.astype(float), rtol=1e-4):
        return None
    return f"has right values of dtype {actual}; expected {expected}"


def _nearly(pair: Pair) -> str | None:
    """Right as far as other relations can tell, and not right enough for the check."""
    if not pair.close(pair.actual, pair.expected) or pair.expected.dtype.kind not in "fc":
        return None
    size = np.abs(pair.expected)
    off = float((np.abs(pair.actual - pair.expected)[size > 0] / size[size > 0]).max(initial=0.0))
    digits = int(-math.log10(off)) if off > 0 else 0
    return f"is right to about {digits} digits: has a small constant another value, or is something rounded?"


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
    if pair.expected.size == 1:
        return of_a_number(pair)
    if not telling(pair.expected):
        return None
    factor = float(np.vdot(pair.expected, pair.actual).real / np.vdot(pair.expected, pair.expected).real)
    if not np.isfinite(factor) or factor == 0 or not pair.close(pair.actual, factor * pair.expected):
        return None
    if abs(factor + 1) < pair.rtol:
        return "is right apart from its sign"
    return f"equals the right one {of_an_array(factor, pair)}"


def _off_by_one(pair: Pair) -> str | None:
    """A count that is one too large or too small."""
    if pair.expected.size != 1 or pair.actual.dtype.kind not in "iu" or pair.expected.dtype.kind not in "iu":
        return None
    gap = int(pair.actual.flat[0]) - int(pair.expected.flat[0])
    return {1: "is one too large", -1: "is one too small"}.get(gap)


def _plus(pair: Pair) -> str | None:
    gap = gap_of(pair)
    if not telling(pair.expected) or not pair.close(gap, np.full_like(gap, gap.flat[0])):
        return None
    return "differs from the right one by the same amount everywhere"


def _moved(pair: Pair) -> str | None:
    """Flipped, transposed, or both."""
    for name, turned in _turns(pair.expected):
        if turned.shape == pair.actual.shape and pair.close(pair.actual, turned):
            return f"is the right one {name}"
    return None


def _shifted(pair: Pair) -> str | None:
    for axis in range(pair.expected.ndim):
        if pair.expected.shape[axis] < 3:
            continue
        left, right = _ends(pair.actual, axis), _ends(pair.expected, axis)
        if telling(right[0]) and (pair.close(left[1], right[0]) or pair.close(left[0], right[1])):
            return f"is the right one shifted by one place along {along(axis, pair.expected.ndim)}"
    return None


def _reordered(pair: Pair) -> str | None:
    for axis in range(pair.expected.ndim):
        rows, wanted = np.moveaxis(pair.actual, axis, 0), np.moveaxis(pair.expected, axis, 0)
        if len(wanted) > 1 and len(wanted) <= 64 and telling(wanted[0]) and _same_set(pair, rows, wanted):
            return f"holds the right values in another order along {along(axis, pair.expected.ndim)}"
    return None


def _cut_to_integers(pair: Pair) -> str | None:
    if pair.expected.dtype.kind != "f" or pair.close(np.rint(pair.expected), pair.expected):
        return None
    for cut in (np.trunc, np.floor, np.rint):
        if np.array_equal(pair.actual, cut(pair.expected)):
            return "is the right one cut to whole numbers, as if it were stored in an array of integers"
    return None


def _single_precision(pair: Pair) -> str | None:
    """Values of float64 that float32 holds exactly were stored in it."""
    if pair.actual.dtype != np.float64 or pair.expected.dtype != np.float64:
        return None
    if (
        not close(pair.actual, pair.expected, rtol=1e-5)
        or (pair.actual.astype(np.float32) != pair.actual).any()
    ):
        return None
    return "is right to about six digits only: is something in float32?"


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
        if pair.close(gap, np.broadcast_to(gap.mean(axis=others, keepdims=True), gap.shape)):
            return f"differs from the right one by an amount that depends only on {along(axis, axes)}"
        ratio = pair.actual / pair.expected
        if pair.close(ratio, np.broadcast_to(ratio.mean(axis=others, keepdims=True), ratio.shape)):
            return f"equals the right one times a factor that depends only on {along(axis, axes)}"
    return None


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


def _same_set(pair: Pair, rows: np.ndarray, wanted: np.ndarray) -> bool:
    left = list(range(len(wanted)))
    for row in rows:
        match = next((index for index in left if pair.close(row, wanted[index])), None)
        if match is None:
            return False
        left.remove(match)
    return True


WHOLE = (
    _dtype,
    _not_finite,
    _zero,
    _single_precision,
    _nearly,
    _times,
    _off_by_one,
    _plus,
    _cut_to_integers,
    _moved,
    _shifted,
    _reordered,
    _per_axis,
)
