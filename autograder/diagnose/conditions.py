"""Under which settings a task goes wrong: "wrong with stride > 1, right with stride = 1".

Each call of a task's functions is a row: what holds of its arguments, and whether its reply
was right. A condition that splits the rows into all wrong and all right is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST = 2  # right calls, for a condition to be more than chance


@dataclass(frozen=True)
class Row:
    """One call."""

    function: str
    arguments: Mapping[str, Any]
    wrong: bool


def condition(rows: list[Row]) -> str | None:
    """The first condition on the arguments that separates wrong calls from right ones."""
    for function in dict.fromkeys(row.function for row in rows if row.wrong):
        mine = [row for row in rows if row.function == function]
        if sum(not row.wrong for row in mine) >= FEWEST:
            found = _separating(mine)
            if found:
                wrong, right = found
                return (
                    f"In these checks {function} is wrong in every call with {wrong} and right with {right}."
                )
    return None


def _separating(rows: list[Row]) -> tuple[str, str] | None:
    """Words for the wrong calls and for the right ones."""
    tables = [dict(_features(row.arguments)) for row in rows]
    common = [feature for feature in tables[0] if all(feature in table for table in tables)]
    for name, words, others in common:
        holds = [table[name, words, others] for table in tables]
        if holds == [row.wrong for row in rows]:
            return f"{name} {words}", _rest(name, others, [row for row in rows if not row.wrong])
        if holds == [not row.wrong for row in rows]:
            return _rest(name, others, [row for row in rows if row.wrong]), f"{name} {words}"
    return None


def _rest(name: str, words: str, rows: list[Row]) -> str:
    """Words for the calls of which a feature does not hold: the number itself, where all have the same."""
    values = [row.arguments[name] for row in rows]
    plain = all(isinstance(value, (int, float)) for value in values)
    return f"{name} = {values[0]}" if plain and len(set(values)) == 1 else f"{name} {words}"


Feature = tuple[str, str, str]  # argument, words where it holds, words where it does not


def _features(arguments: Mapping[str, Any]) -> Iterator[tuple[Feature, bool]]:
    """What can be said of each argument, and whether it holds."""
    for name, value in arguments.items():
        if not isinstance(value, (bool, np.bool_, int, float)):
            yield (name, "given", "left out"), value is not None
        if isinstance(value, np.ndarray):
            yield from _of_array(name, value)
        elif isinstance(value, (bool, np.bool_)):
            yield (name, "= True", "= False"), bool(value)
        elif isinstance(value, (int, float)):
            yield from _of_number(name, value)
        elif isinstance(value, tuple) and value and all(isinstance(item, (int, float)) for item in value):
            yield (name, "of two different values", "of equal values"), len(set(value)) > 1
            yield from _of_number(name, max(value))


def _of_number(name: str, value: float) -> Iterator[tuple[Feature, bool]]:
    yield (name, "> 1", "of at most 1"), value > 1
    yield (name, "> 0", "of at most 0"), value > 0


def _of_array(name: str, value: np.ndarray) -> Iterator[tuple[Feature, bool]]:
    if value.ndim > 1:
        square = value.shape[-1] == value.shape[-2]
        yield (name, "of unequal height and width", "of equal height and width"), not square
        yield (name, "of one entry", "of several entries"), len(value) == 1
        yield (name, "in another memory layout", "in the usual memory layout"), not value.flags.c_contiguous
    yield (name, f"of dtype {value.dtype}", "of another dtype"), value.dtype != np.float64
