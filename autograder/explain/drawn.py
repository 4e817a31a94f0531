"""Whether two random answers look alike: one distribution, and in the same relation to what was given.

Who draws in another order gets other numbers from an equal generator. A law about draws looks at what many
of them have in common, so that is compared: means of the answer, its squares and sizes, its products with
what was given and with its neighbours, and how often it is zero or what was given. Few numbers tell too
little. Of two draws from equal generators, which a law compares, the difference is no chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..student.steps import Step, leaves
from .same import is_tensor, plain, same_value

ENOUGH = 1000  # numbers: a mean of fewer differs too little between two mistakes
SIGMAS = 6


def is_drawn(step: Step) -> bool:
    """Whether a step is given a generator."""
    return any(type(value).__name__ == "Generator" for value in leaves((step.args, dict(step.kwargs))))


def drawn_alike(left: Any, right: Any, step: Step, others: list[tuple[Any, Any]]) -> bool:
    """Whether two answers to a step that draws look alike.

    Args:
        left: one answer.
        right: the other.
        step: what was asked.
        others: what the law compares with them, on the one side and on the other.
    """
    if not (_is_array(left) and _is_array(right) and left.shape == right.shape and left.dtype == right.dtype):
        return False
    if others:
        return all(_same_distance(left, mine, right, other) for mine, other in others)
    mine, other = plain(left).astype(float), plain(right).astype(float)
    given = [plain(value) for value in leaves((step.args, dict(step.kwargs))) if _is_array(value)]
    inputs = [value for value in given if value.shape == mine.shape]
    return mine.size >= ENOUGH and all(map(_near, _features(mine, inputs), _features(other, inputs)))


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or is_tensor(value)


def _same_distance(left: Any, mine: Any, right: Any, other: Any) -> bool:
    return _is_array(mine) and _is_array(other) and bool(same_value(left - mine, right - other))


def _features(drawn: np.ndarray, inputs: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Arrays whose means tell one way to draw from another."""
    yield from (drawn, drawn**2, np.abs(drawn), drawn == 0)
    for axis in range(drawn.ndim):
        ahead = np.moveaxis(drawn, axis, 0)
        yield ahead[1:] * ahead[:-1]
    for given in inputs:
        yield from (drawn * given, drawn**2 * given, drawn == given)


def _near(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two means differ by no more than chance allows."""
    if not left.size:
        return True
    deviation = np.sqrt((np.var(left) + np.var(right)) / left.size)
    rounding = 1e-9 * (np.abs(left).mean() + np.abs(right).mean())
    return bool(abs(left.mean() - right.mean()) <= SIGMAS * deviation + rounding)
