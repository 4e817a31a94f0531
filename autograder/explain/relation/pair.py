"""Two arrays to be compared, and the questions that all relations ask of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ...checks.compare import mismatches

MOST_AXES = 5  # permutations of more are not tried
RTOL, ATOL = 1e-6, 1e-9  # two right formulas differ by less, two different ones hardly ever


@dataclass(frozen=True)
class Pair:
    """One array as it came and as it should have been, and what the call was given."""

    what: str  # the subject of the sentence: "dw", "the output"
    actual: np.ndarray
    expected: np.ndarray
    arguments: Mapping[str, Any] = field(default_factory=dict)  # the call's arguments by name
    windows: np.ndarray | None = None  # how many windows each element of the last two axes lies in
    limits: tuple[float, float] | None = None  # the check's rtol and atol

    @cached_property
    def mismatched(self) -> np.ndarray:
        """Where the two differ, by the check's own measure; they have one shape."""
        if self.limits is not None:
            return mismatches(self.actual, self.expected, *self.limits)
        wrong: np.ndarray = ~np.isclose(self.actual, self.expected, rtol=RTOL, atol=_atol(self.expected))
        return wrong

    @property
    def rtol(self) -> float:
        """To which relations hold: values that the check compares roughly are no more exact than that."""
        return RTOL if self.limits is None else max(RTOL, self.limits[0])

    def close(self, left: np.ndarray, right: np.ndarray) -> bool:
        """Whether two arrays agree as far as the check can tell."""
        return close(left, right, self.rtol)


def close(left: np.ndarray, right: np.ndarray, rtol: float = RTOL) -> bool:
    """Whether two arrays of one shape agree; NaN agrees with nothing, infinities with themselves."""
    if left.shape != right.shape:
        return False
    atol = _atol(right)
    if left.size:  # nearly all that is compared differs in its first numbers already
        first, other = left.flat[0].item(), right.flat[0].item()
        if abs(first - other) > atol + rtol * abs(other):
            return False
    return bool(np.allclose(left, right, rtol=rtol, atol=atol))


def coverage(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> np.ndarray:
    """In how many windows each pixel of an image of ``size`` (H, W) lies; shape (H, W)."""
    along = [_coverage(*axis) for axis in zip(size, kernel, stride, padding, strict=True)]
    return np.multiply.outer(along[0], along[1])


def _atol(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return ATOL * float(finite.max() if finite.size else 1.0) + 1e-300


def telling(array: np.ndarray) -> bool:
    """Whether there are enough different values for an agreement not to be chance."""
    return array.size >= 3 and len(np.unique(array[:64] if array.ndim == 1 else array)) >= 3


def drawn(number: float) -> bool:
    """Whether a number has too many digits for an agreement to be chance."""
    return bool(np.isfinite(number)) and abs(number - round(number, 2)) > RTOL * max(abs(number), 1)


def gap_of(pair: Pair) -> np.ndarray:
    """What came minus what was expected."""
    difference: np.ndarray = pair.actual.astype(np.result_type(pair.actual, np.float64)) - pair.expected
    # Rounding of the values must not look like structure of the difference.
    return np.where(np.abs(difference) <= 1e-9 * np.abs(pair.expected).max(), 0.0, difference)


def partly(wrong: np.ndarray) -> bool:
    """Whether some values are wrong and some are right."""
    return bool(wrong.any() and not wrong.all())


def orders(axes: int) -> Iterator[tuple[int, ...]]:
    """All orders of so many axes but the usual one; none where there are too many."""
    if axes <= MOST_AXES:
        yield from itertools.islice(itertools.permutations(range(axes)), 1, None)


def along(axis: int, axes: int) -> str:
    """An axis in words."""
    return f"axis {axis}" if axes > 1 else "its axis"


def place_of(index: int, length: int) -> str:
    """An index in words."""
    return {0: "the first index", length - 1: "the last index"}.get(index, f"index {index}")


def _coverage(size: int, kernel: int, stride: int, padding: int) -> np.ndarray:
    counts = np.zeros(size + 2 * padding, dtype=int)
    for start in range(0, size + 2 * padding - kernel + 1, stride):
        counts[start : start + kernel] += 1
    return counts[padding : padding + size]
