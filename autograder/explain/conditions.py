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
    for function, mine in _with_wrong_calls(rows):
        found = next(_splits(mine), None) if sum(not row.wrong for row in mine) >= FEWEST else None
        if found is not None:
            wrong, right = _in_words(found, mine)
            return f"In these checks {function} is wrong in every call with {wrong} and right with {right}."
    return None


def _with_wrong_calls(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Each function that was wrong, and all calls of it."""
    for function in dict.fromkeys(row.function for row in rows if row.wrong):
        yield function, [row for row in rows if row.function == function]


def _splits(rows: list[Row]) -> Iterator[tuple[Feature, bool]]:
    """The features that all wrong calls have and no right one, or the other way round (False)."""
    tables = [dict(_features(row.arguments)) for row in rows]
    wrong = [row.wrong for row in rows]
    for feature in tables[0]:
        holds = [table.get(feature) for table in tables]
        if holds in (wrong, [not value for value in wrong]):
            yield feature, holds == wrong


def _in_words(found: tuple[Feature, bool], rows: list[Row]) -> tuple[str, str]:
    """Words for the wrong calls and for the right ones."""
    (name, words, others), when_wrong = found
    rest = _rest(name, others, [row for row in rows if row.wrong is not when_wrong])
    return (f"{name} {words}", rest) if when_wrong else (rest, f"{name} {words}")


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
    if value.ndim > 2:
        square = value.shape[-1] == value.shape[-2]
        yield (name, "of unequal height and width", "of equal height and width"), not square
    if value.ndim > 1:
        yield (name, "of one entry", "of several entries"), len(value) == 1
        yield (name, "in another memory layout", "in the usual memory layout"), not value.flags.c_contiguous
    yield (name, f"of dtype {value.dtype}", "of another dtype"), value.dtype != np.float64
