"""The calls of a check as a short program with blanks for its inputs.

A transcript holds what a hidden check asked; a ``Program`` keeps the order of those calls
on which the failing one depends, and of each array only shape, dtype and range. Filled
with small public inputs it can be run on anyone, and printed as a cell to copy.

Glossary
    expression   a name, the result of a step, or an attribute or item of one
    blank        an array to be filled in; the same blank twice is the same array
    scale        what each length of the hidden arrays becomes
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...inside.wire import HandleRef, NameRef
from ...student import Call, Remote
from ..same import is_tensor

PLAIN = (type(None), bool, int, float, str, slice)


class Unprogrammable(Exception):
    """The check does something that a short program cannot show."""


@dataclass(frozen=True)
class Name:
    """A name of the notebook."""

    name: str


@dataclass(frozen=True)
class Result:
    """What a step returned, or an entry of it."""

    step: int
    path: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Attribute:
    """An attribute of an object of the student's."""

    of: Expression
    name: str


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
    like: Result | None = None  # takes its shape from this result


@dataclass(frozen=True)
class Seeded:
    """A fresh generator."""

    library: str


Expression = Name | Result | Attribute


@dataclass(frozen=True)
class Step:
    """``function(*args, **kwargs)``, or with ``attribute`` set: ``function.attribute = args[0]``."""

    function: Expression
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    attribute: str = ""


@dataclass(frozen=True)
class Program:
    """Steps by their number in the transcript; the last one is the one that failed.

    ``reads`` is what to look at after it: an attribute, or None for what it returned.
    """

    steps: dict[int, Step]
    shared: frozenset[int] = frozenset()  # blanks that steps change in place
    reads: Attribute | None = None

    @property
    def last(self) -> int:
        """The number of the failing step."""
        return max(self.steps)

    def blanks(self) -> dict[int, Blank]:
        """All blanks by number."""
        return {blank.number: blank for step in self.steps.values() for blank in blanks_of(step)}

    def changed(self) -> tuple[int, ...]:
        """The blanks that are changed in place and that the steps still use."""
        return tuple(sorted(self.shared & self.blanks().keys()))

    def lengths(self) -> list[int]:
        """The different lengths of the hidden arrays, longest first."""
        return sorted({n for b in self.blanks().values() if b.like is None for n in b.shape}, reverse=True)

    def without(self, steps: Container[int]) -> Program:
        """The same program without some steps."""
        kept = {number: step for number, step in self.steps.items() if number not in steps}
        return replace(self, steps=kept)

    def with_step(self, number: int, step: Step) -> Program:
        """The same program with one step exchanged."""
        return replace(self, steps={**self.steps, number: step})


def program_of(transcript: tuple[Call, ...], failing: int) -> Program:
    """The calls that lead to call number ``failing``, without those that it does not depend on.

    Raises:
        Unprogrammable: it depends on lent functions, operators or shipped code.
    """
    reader = _Reader(transcript[: failing + 1])
    return _sliced(reader.read(), failing)


def blanks_of(step: Step) -> Iterator[Blank]:
    """The blanks in a step's arguments."""
    for value in (*step.args, *(value for _, value in step.kwargs)):
        yield from _blanks(value)


def results_of(value: Any) -> Iterator[Result]:
    """The results that an expression, an argument or a step refers to."""
    if isinstance(value, Result):
        yield value
    elif isinstance(value, Attribute):
        yield from results_of(value.of)
    elif isinstance(value, Blank):
        yield from results_of(value.like)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from results_of(item)
    elif isinstance(value, dict):
        yield from results_of(list(value.values()))
    elif isinstance(value, Step):
        yield from results_of([value.function, value.args, [item for _, item in value.kwargs]])


class _Reader:
    """Reads a transcript call by call and remembers which handle came from where."""

    def __init__(self, transcript: tuple[Call, ...]) -> None:
        self._transcript = transcript
        self._handles: dict[int, Expression] = {}
        self._blanks: dict[int, Blank] = {}
        self._arrays: list[Any] = []  # keeps identities alive
        self._replies: list[tuple[tuple[int, ...], Result]] = []

    def read(self) -> Program:
        """The whole transcript."""
        steps: dict[int, Step] = {}
        reads: Attribute | None = None
        for number, call in enumerate(self._transcript):
            reads = None
            if call.kind == "get" and isinstance(call.target, (HandleRef, NameRef)):
                reads = Attribute(self._expression(call.target), call.name.split(".")[-1])
                self._remember(call.reply, reads)
            elif call.kind in ("call", "set"):
                steps[number] = self._step(call)
                self._replied(number, call.reply, ())
        if self._transcript[-1].kind not in ("call", "get"):
            raise Unprogrammable(self._transcript[-1].kind)
        shared = frozenset(
            self._blanks[id(array)].number
            for array in self._transcript[-1].shared
            if id(array) in self._blanks
        )
        return Program(steps, shared, reads)

    def _step(self, call: Call) -> Step:
        function = self._expression(call.target)
        args = tuple(self._value(arg) for arg in call.args)
        if call.kind == "set":
            return Step(function, args, attribute=call.name.split(".")[-1])
        return Step(function, args, tuple((key, self._value(value)) for key, value in call.kwargs.items()))

    def _expression(self, target: Any) -> Expression:
        if isinstance(target, NameRef):
            return Name(target.name)
        if isinstance(target, HandleRef) and target.id in self._handles:
            return self._handles[target.id]
        raise Unprogrammable("an object of unknown origin")

    def _value(self, value: Any) -> Any:
        if isinstance(value, Remote):
            return self._expression(value._ref)
        if isinstance(value, np.random.Generator):
            return Seeded("numpy")
        if type(value).__name__ == "Generator":
            return Seeded("torch")
        if isinstance(value, (np.ndarray, np.generic)) or is_tensor(value):
            return self._blank(value)
        if type(value) in (list, tuple):
            return type(value)(self._value(item) for item in value)
        if type(value) is dict:
            return {key: self._value(item) for key, item in value.items()}
        if isinstance(value, PLAIN):
            return value
        raise Unprogrammable(f"an argument of type {type(value).__name__}")

    def _blank(self, array: Any) -> Blank:
        if id(array) in self._blanks:
            return self._blanks[id(array)]
        values = array.detach().numpy() if is_tensor(array) else np.asarray(array)
        if values.dtype.kind not in "biuf":
            raise Unprogrammable(f"an array of {values.dtype}")
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        blank = Blank(
            number=len(self._blanks),
            shape=tuple(values.shape),
            dtype=values.dtype,
            low=float(finite.min()) if finite.size else 0.0,
            high=float(finite.max()) if finite.size else 1.0,
            library="torch" if is_tensor(array) else "numpy",
            gradient=bool(getattr(array, "requires_grad", False)),
            like=next((place for shape, place in self._replies if shape and shape == values.shape), None),
        )
        self._arrays.append(array)
        self._blanks[id(array)] = blank
        return blank

    def _replied(self, number: int, reply: Any, path: tuple[Any, ...]) -> None:
        """Remember the objects and the shapes of arrays that a step returned."""
        if isinstance(reply, HandleRef):
            self._remember(reply, Result(number, path))
        elif isinstance(reply, np.ndarray) or is_tensor(reply):
            self._replies.insert(0, (tuple(reply.shape), Result(number, path)))
        elif isinstance(reply, (list, tuple)):
            for index, item in enumerate(reply):
                self._replied(number, item, (*path, index))
        elif isinstance(reply, dict):
            for key, item in reply.items():
                self._replied(number, item, (*path, key))

    def _remember(self, reply: Any, expression: Expression) -> None:
        if isinstance(reply, HandleRef):
            self._handles[reply.id] = expression


def _sliced(program: Program, failing: int) -> Program:
    """Only the steps on which the failing one, or the attribute that is read, depends."""
    steps = program.steps
    if not steps:
        raise Unprogrammable("nothing is called")
    last = max(steps)
    wanted = {result.step for result in results_of(program.reads)} if program.reads else {last}
    if program.reads and last not in wanted and not _touches(steps[last], wanted):
        last = max(wanted)
    kept: dict[int, Step] = {}
    for number in sorted((n for n in steps if n <= last), reverse=True):
        step = steps[number]
        if number in wanted or _touches(step, wanted):
            kept[number] = step
            wanted |= {number, *(result.step for result in results_of(step))}
    if program.reads is None and last not in kept:
        raise Unprogrammable("the failing call is no step")
    return replace(program, steps=dict(sorted(kept.items())))


def _touches(step: Step, wanted: set[int]) -> bool:
    """A call of a method, or an assignment to an attribute, of an object that is needed."""
    return any(result.step in wanted for result in results_of(step.function))


def _blanks(value: Any) -> Iterator[Blank]:
    if isinstance(value, Blank):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _blanks(item)
    elif isinstance(value, dict):
        yield from _blanks(list(value.values()))


def scaled(blank: Blank, scale: Mapping[int, int]) -> tuple[int, ...]:
    """The shape of a blank on that scale."""
    return tuple(scale.get(length, length) for length in blank.shape)
