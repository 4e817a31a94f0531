"""The calls of a check as a short program with blanks for its inputs.

A transcript holds what a hidden check asked; a ``Program`` keeps the order of those calls
on which the failing one depends, and of each array only shape, dtype and range. Filled
with small public inputs it can be run on anyone, and printed as a cell to copy.

Glossary
    expression   a name, the result of a step, or an attribute, an item or all items of one
    blank        an array to be filled in; the same blank twice is the same array
    scale        what each length of the hidden arrays becomes
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Name:
    """A name of the notebook."""

    name: str


@dataclass(frozen=True)
class Returned:
    """What a step returned, or an entry of it."""

    step: int
    path: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Attribute:
    """An attribute of an object of the student's; ``called``: a method, which crosses with its call."""

    of: Expression
    name: str
    called: bool = False


@dataclass(frozen=True)
class Subscript:
    """``of[key]``, as the object of the student's answers it."""

    of: Expression
    key: Any


@dataclass(frozen=True)
class Members:
    """``list(of)``."""

    of: Expression


@dataclass(frozen=True)
class Part:
    """An entry of a list, tuple or dict that another expression gives."""

    of: Expression
    path: tuple[Any, ...]


@dataclass(frozen=True)
class Blank:
    """An array to be filled in."""

    number: int
    shape: tuple[int, ...]
    dtype: np.dtype
    low: float = -1.0  # range of the hidden values
    high: float = 1.0
    library: str = "numpy"
    gradient: bool = False  # a tensor that asks for its gradient
    columns: bool = False  # lies in memory column by column
    like: Returned | None = None  # takes its shape from this result


@dataclass(frozen=True)
class Seeded:
    """A fresh generator."""

    library: str


@dataclass(frozen=True)
class Operator:
    """An operator of Python's: ``add``, ``neg``, ``eq``."""

    name: str


@dataclass(frozen=True)
class Shipped:
    """A small function of the grader's, which runs beside the student's code."""

    name: str
    source: str


Expression = Name | Returned | Attribute | Subscript | Members | Part
EXPRESSIONS = (Name, Returned, Attribute, Subscript, Members, Part)


@dataclass(frozen=True)
class ProgramStep:
    """``function(*args, **kwargs)``.

    With ``kind`` "set": ``function.attribute = args[0]``; with "assign": ``function[args[0]] = args[1]``.
    """

    function: Expression | Operator | Shipped | Blank
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    attribute: str = ""
    kind: str = "call"


@dataclass(frozen=True)
class Program:
    """Steps by their number in the transcript; the last one is the one that failed.

    ``reads`` is what to look at after it, or None for what it returned; ``part`` leads to the part of that
    which counts. Where arrays that steps change in place are ``counted``, these are what to look at.
    """

    steps: dict[int, ProgramStep]
    shared: frozenset[int] = frozenset()  # blanks that steps may change in place
    counted: frozenset[int] = frozenset()  # of these, what counts
    reads: Expression | None = None
    part: tuple[Any, ...] = ()

    @property
    def last(self) -> int:
        """The number of the failing step."""
        return max(self.steps)

    def blanks(self) -> dict[int, Blank]:
        """All blanks by number."""
        return {blank.number: blank for step in self.steps.values() for blank in blanks_of(step)}

    def changed(self) -> tuple[int, ...]:
        """The blanks that count and that the steps still use."""
        return tuple(sorted(self.counted & self.blanks().keys()))

    def lengths(self) -> list[int]:
        """The different lengths of the hidden arrays, longest first."""
        return sorted({n for b in self.blanks().values() if b.like is None for n in b.shape}, reverse=True)

    def without(self, steps: Container[int]) -> Program:
        """The same program without some steps."""
        kept = {number: step for number, step in self.steps.items() if number not in steps}
        return replace(self, steps=kept)

    def with_step(self, number: int, step: ProgramStep) -> Program:
        """The same program with one step exchanged."""
        return replace(self, steps={**self.steps, number: step})

    def on_scale(self, scale: Mapping[int, int]) -> Program:
        """The same where a list of lengths, such as the sizes of layers, follows the arrays."""
        steps = {
            number: replace(step, args=tuple(_scaled_sizes(arg, scale) for arg in step.args))
            for number, step in self.steps.items()
        }
        return replace(self, steps=steps)

    def label(self, function: Any) -> str:
        """The name by which the reference knows a function: ``Adam.step``; empty where it has none."""
        if isinstance(function, (Name, Shipped)):
            return function.name
        if isinstance(function, Attribute):
            return f"{self.label(function.of)}.{function.name}".removeprefix(".")
        if not isinstance(function, Returned) or function.step not in self.steps:
            return ""
        return self.label(self.steps[function.step].function)


def blanks_of(step: ProgramStep) -> Iterator[Blank]:
    """The blanks in a step."""
    for value in (step.function, *step.args, *(value for _, value in step.kwargs)):
        yield from blanks_in(value)


def blanks_in(value: Any) -> Iterator[Blank]:
    """The blanks in a value."""
    if isinstance(value, Blank):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from blanks_in(item)
    elif isinstance(value, dict):
        yield from blanks_in(list(value.values()))


def results_of(value: Any) -> Iterator[Returned]:
    """The results that an expression, an argument or a step refers to."""
    if isinstance(value, Returned):
        yield value
    elif isinstance(value, (Attribute, Subscript, Members, Part)):
        yield from results_of(value.of)
    elif isinstance(value, Blank):
        yield from results_of(value.like)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from results_of(item)
    elif isinstance(value, dict):
        yield from results_of(list(value.values()))
    elif isinstance(value, ProgramStep):
        yield from results_of([value.function, value.args, [item for _, item in value.kwargs]])


def _scaled_sizes(value: Any, scale: Mapping[int, int]) -> Any:
    if type(value) is list and len(value) > 1 and all(type(item) is int for item in value):
        return [scale.get(item, item) for item in value]
    return value


def scaled(blank: Blank, scale: Mapping[int, int]) -> tuple[int, ...]:
    """The shape of a blank on that scale."""
    return tuple(scale.get(length, length) for length in blank.shape)
