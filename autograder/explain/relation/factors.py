"""By which factor something is wrong, in words: sizes of the arguments, 2, bases of logarithms.

A factor is told only in words of this file: any other number could be made of a hidden input.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from .pair import Pair, drawn

MOST = 10  # numerator and denominator of a fraction that is told
BASES = {
    1 / math.log(2): "divided by log(2): is the logarithm taken to the base 2?",
    1 / math.log(10): "divided by log(10): is the logarithm taken to the base 10?",
    math.log(2): "times log(2): should the logarithm be taken to the base 2?",
    math.log(10): "times log(10): should the logarithm be taken to the base 10?",
}


def of_a_number(pair: Pair) -> str | None:
    """How one wrong number relates to the right one: by a factor with a name, since chance gives others."""
    if pair.expected.size != 1 or pair.actual.size != 1 or pair.expected.dtype.kind not in "fc":
        return None
    actual, expected = float(pair.actual.real.flat[0]), float(pair.expected.real.flat[0])
    if not drawn(expected) or not math.isfinite(actual) or actual == 0:
        return None
    factor = actual / expected
    if abs(factor + 1) < pair.rtol:
        return "is right apart from its sign"
    named = _by_size(factor, pair) or _by_base(factor, pair) or _by_two(factor, pair)
    return None if named is None else f"equals the right one {named}"


def of_an_array(factor: float, pair: Pair) -> str:
    """What all values of a wrong array are multiplied by."""
    named = _by_size(factor, pair) or _by_base(factor, pair) or _by_two(factor, pair)
    if named is not None:
        return named
    simple = Fraction(factor).limit_denominator(MOST)
    if abs(simple.numerator) <= MOST and abs(float(simple) - factor) < pair.rtol * abs(factor):
        return f"times {float(simple):.4g}"
    return "times one and the same number"


def _by_size(factor: float, pair: Pair) -> str | None:
    asked = "is it summed instead of averaged" if pair.expected.size == 1 else "is a division by it missing"
    for sign, number in (("", factor), ("minus ", -factor)):
        for size, name in _sizes(pair.arguments).items():
            if abs(number - size) < pair.rtol * size:
                return f"times {sign}{size}, {name}: {asked}?"
            if abs(number * size - 1) < pair.rtol:
                return f"divided by {sign}{size}, {name}: is it averaged instead of summed, or divided twice?"
    return None


def _by_base(factor: float, pair: Pair) -> str | None:
    return next((words for base, words in BASES.items() if abs(factor - base) < pair.rtol), None)


def _by_two(factor: float, pair: Pair) -> str | None:
    if abs(factor - 2) < pair.rtol:
        return "times 2: is something counted twice, or a factor 1/2 missing?"
    return "times 1/2" if abs(factor - 0.5) < pair.rtol else None


def _sizes(arguments: Mapping[str, Any]) -> dict[int, str]:
    """Lengths and products of lengths of the arguments above 2, in words: of two origins both are told."""
    words: dict[int, list[str]] = {}
    arrays = {name: value for name, value in arguments.items() if isinstance(value, np.ndarray)}
    first = {value.shape: name for name, value in reversed(arrays.items())}  # of each shape one array
    arrays = {name: value for name, value in arrays.items() if first[value.shape] == name}
    for size, name in (*_lengths(arrays), *_counts(arrays)):
        if size > 2 and name not in words.setdefault(size, []):
            words[size].append(name)
    return {size: " or ".join(names[:2]) for size, names in words.items()}


def _lengths(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[int, str]]:
    for name, value in arrays.items():
        for axis, length in enumerate(value.shape):
            yield length, f"the length of axis {axis} of {name}" + (" (the batch)" if axis == 0 else "")


def _counts(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[int, str]]:
    """How many values an array has, one index of it, a window of it."""
    for name, value in arrays.items():
        if value.ndim > 1:
            yield value.size, f"the number of values in {name}"
            if value.ndim == 4:
                yield value.shape[2] * value.shape[3], f"the number of values in one picture of {name}"
            for axis, length in enumerate(value.shape):
                yield (
                    value.size // max(length, 1),
                    f"the number of values of {name} for one index of axis {axis}",
                )
            for one, other in itertools.combinations(range(value.ndim), 2):
                yield (
                    value.shape[one] * value.shape[other],
                    f"the product of axes {one} and {other} of {name}",
                )
