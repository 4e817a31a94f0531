"""Relations between arrays of different shapes: transposed, padded, reshaped, summed."""

from __future__ import annotations

import itertools

import numpy as np

from .pair import Pair, along, orders


def _empty(pair: Pair) -> str | None:
    return "is empty: is a slice like a[p:-p] taken with p = 0?" if pair.actual.size == 0 else None


def _transposed(pair: Pair) -> str | None:
    for order in orders(pair.expected.ndim):
        if pair.close(pair.actual, pair.expected.transpose(order)):
            return f"is the right one with its axes in the order {order}"
    return None


def _padded(pair: Pair) -> str | None:
    left, right = pair.actual, pair.expected
    if left.ndim != right.ndim or left.ndim < 2:
        return None
    if pair.close(_centre(left, right.shape), right):
        return "is right in the middle but still has its padding"
    if pair.close(left, _centre(right, left.shape)):
        return "is right but lacks its border"
    return None


def _reshaped(pair: Pair) -> str | None:
    if pair.actual.size != pair.expected.size or not pair.close(pair.actual.ravel(), pair.expected.ravel()):
        return None
    return "holds the right values in the right order, only in another shape"


def _summed(pair: Pair) -> str | None:
    """Summed or averaged over an axis too many, or too few."""
    for many, few, words in (
        (pair.expected, pair.actual, "is already {} over"),
        (pair.actual, pair.expected, "is not yet {} over"),
    ):
        for axes in _subsets(many.ndim):
            names = " and ".join(along(axis, many.ndim) for axis in axes)
            for keep in (False, True):
                if pair.close(few, many.sum(axis=axes, keepdims=keep)):
                    return words.format("summed") + f" {names}"
                if pair.close(few, many.mean(axis=axes, keepdims=keep)):
                    return words.format("averaged") + f" {names}"
    return None


def _subsets(axes: int) -> list[tuple[int, ...]]:
    return [several for count in (1, 2, 3) for several in itertools.combinations(range(axes), count)]


def _centre(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middle part of that shape, or the array itself where it does not fit in."""
    slices = []
    for have, want in zip(array.shape, shape, strict=True):
        if have < want or (have - want) % 2:
            return array
        slices.append(slice((have - want) // 2, (have - want) // 2 + want))
    return array[tuple(slices)]


SHAPES = (_empty, _transposed, _reshaped, _padded, _summed)
