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

from ...inside.wire import MethodRef, NameRef, PartRef
from ...student import Call
from ...student.steps import leaves
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
    """An attribute of an object of the student's; ``called``: a method, which crosses with its call."""

    of: Expression
    name: str
    called: bool = False


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

    ``reads`` is what to look at after it: an attribute, or None for what it returned; ``part`` leads to the
    part of that which counts. Where steps change arrays in place, these are what to look at.
    """

    steps: dict[int, Step]
    shared: frozenset[int] = frozenset()  # blanks that steps change in place, and that count
    reads: Attribute | None = None
    part: tuple[Any, ...] = ()

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


def programs_of(transcript: tuple[Call, ...], failing: int, part: tuple[Any, ...] = ()) -> Iterator[Program]:
    """The calls that lead to call number ``failing``: those that it depends on, and then all of them.

    Code may remember what it should not: then a call depends on others that it has nothing to do with.

    Args:
        transcript: what a check asked.
        failing: which call's answer is wrong.
        part: leads to what of it counts.

    Raises:
        Unprogrammable: it depends on lent functions, operators or shipped code.
    """
    last = transcript[failing]
    if last.kind == "value" and isinstance(last.step.target, PartRef):  # a look at what another call gave
        yield from programs_of(transcript, last.step.target.step, (*last.step.target.path, *part))
        return
    program = _Reader(transcript[: failing + 1]).read(part)
    sliced = _sliced(program, failing)
    yield sliced
    if sliced.steps.keys() != program.steps.keys():
        yield program


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
    """Translates noted calls one by one: arrays become blanks, places become expressions."""

    def __init__(self, transcript: tuple[Call, ...]) -> None:
        self._transcript = transcript
        self._blanks: dict[int, Blank] = {}  # by the id of the noted copy, which is one for all its uses
        self._shared: dict[int, Any] = {}  # what stands for a step that shared arrays
        self._read: dict[int, Attribute] = {}  # the attribute that a step read
        self._replies: list[tuple[tuple[int, ...], Result]] = []
        self._targets = [set(_steps_in(call.step.target)) for call in transcript]
        self._now = 0  # the call that is read

    def read(self, part: tuple[Any, ...]) -> Program:
        """The whole transcript."""
        steps: dict[int, Step] = {}
        for number, call in enumerate(self._transcript):
            self._now = number
            if call.kind == "share":
                self._shared[number] = self._value(call.args[0])
            elif call.kind == "get":
                self._read[number] = Attribute(self._expression(call.step.target), call.step.name)
            elif call.kind in ("call", "set"):
                steps[number] = self._step(call)
                self._replied(number, call.reply, ())
        last = self._transcript[-1]
        if last.kind == "now":
            changed = self._value(last.step.target)
            for key in part:
                changed = changed[key]
            return Program(steps, frozenset(blank.number for blank in _blanks(changed)))
        if last.kind not in ("call", "get", "set"):
            raise Unprogrammable(last.kind)
        return Program(steps, frozenset(), self._read.get(len(self._transcript) - 1), part)

    def _like(self, shape: tuple[int, ...]) -> Result | None:
        """What has this shape among the answers that the present call depends on, as an output for its gradient."""
        several = [place for other, place in self._replies if other == shape]
        if not several:
            return None
        call = self._transcript[self._now]
        near: set[int] = set(_steps_in((call.step.target, call.args, dict(call.kwargs))))
        grown: set[int] = set()
        while near > grown:  # and among those of the same objects
            grown = set(near)
            near |= {step for number in grown for step in self._targets[number]}
            near |= {number for number, targets in enumerate(self._targets) if targets & grown}
        return next((place for place in several if place.step in near), None)

    def _step(self, call: Call) -> Step:
        function = self._expression(call.step.target)
        args = tuple(map(self._value, call.args))
        if call.kind == "set":
            return Step(function, args, attribute=call.step.name)
        return Step(function, args, tuple((key, self._value(value)) for key, value in call.kwargs.items()))

    def _expression(self, place: Any) -> Expression:
        if isinstance(place, NameRef):
            return Name(place.name)
        if isinstance(place, MethodRef):
            return Attribute(self._expression(place.owner), place.attribute, called=True)
        if not isinstance(place, PartRef) or place.step in self._shared:
            raise Unprogrammable("an object of unknown origin")
        if place.step in self._read and not place.path:
            return self._read[place.step]
        if self._transcript[place.step].kind != "call":
            raise Unprogrammable(self._transcript[place.step].kind)
        return Result(place.step, place.path)

    def _value(self, value: Any) -> Any:
        if isinstance(value, PartRef) and value.step in self._shared:
            found = self._shared[value.step]
            for key in value.path:
                found = found[key]
            return found
        if isinstance(value, (NameRef, PartRef, MethodRef)):
            return self._expression(value)
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
            like=self._like(tuple(values.shape)),
        )
        self._blanks[id(array)] = blank
        return blank

    def _replied(self, number: int, reply: Any, path: tuple[Any, ...]) -> None:
        """Remember the shapes of arrays that a step returned."""
        if (isinstance(reply, np.ndarray) or is_tensor(reply)) and reply.shape:
            self._replies.insert(0, (tuple(reply.shape), Result(number, path)))
        elif isinstance(reply, (list, tuple)):
            for index, item in enumerate(reply):
                self._replied(number, item, (*path, index))
        elif isinstance(reply, dict):
            for key, item in reply.items():
                self._replied(number, item, (*path, key))


def _steps_in(value: Any) -> Iterator[int]:
    """The numbers of the steps that places refer to."""
    for place in leaves(value):
        while isinstance(place, MethodRef):
            place = place.owner
        if isinstance(place, PartRef):
            yield place.step


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
