"""From the transcript of a check to the program that shows what is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from types import EllipsisType
from typing import Any

import numpy as np

from ...inside.wire import MethodRef, NameRef, PartRef
from ...student import Call
from ...student.steps import leaves
from ..same import is_tensor
from .programs import (
    EXPRESSIONS,
    Attribute,
    Blank,
    Expression,
    Members,
    Name,
    Operator,
    Part,
    Program,
    ProgramStep,
    Returned,
    Seeded,
    Shipped,
    Subscript,
    blanks_in,
    results_of,
)

PLAIN = (type(None), bool, int, float, str, slice, EllipsisType)
LOOKS = ("get", "index", "items")  # steps that are expressions: they are written where they are used
LONGEST = 40  # lines of a function of the grader's that is shown


class Unprogrammable(Exception):
    """The check does something that a short program cannot show."""


def programs_of(transcript: tuple[Call, ...], failing: int, part: tuple[Any, ...] = ()) -> Iterator[Program]:
    """The calls that lead to call number ``failing``: those that it depends on, and then all of them.

    Code may remember what it should not: then a call depends on others that it has nothing to do with.

    Args:
        transcript: what a check asked.
        failing: which call's answer is wrong.
        part: leads to what of it counts.

    Raises:
        Unprogrammable: it depends on lent functions, or on what has no short form.
    """
    last = transcript[failing]
    if last.kind == "value" and isinstance(last.step.target, PartRef):  # a look at what another call gave
        yield from programs_of(transcript, last.step.target.step, (*last.step.target.path, *part))
        return
    program = _Reader(transcript[: failing + 1]).read(part)
    sliced = _sliced(program)
    yield sliced
    if sliced.steps.keys() != program.steps.keys():
        yield program


class _Reader:
    """Translates noted calls one by one: arrays become blanks, places become expressions."""

    def __init__(self, transcript: tuple[Call, ...]) -> None:
        self._transcript = transcript
        self._blanks: dict[int, Blank] = {}  # by the id of the noted copy, which is one for all its uses
        self._shared: dict[int, Any] = {}  # what stands for a step that shared arrays
        self._looks: dict[int, Expression] = {}  # what stands for a step that is written where it is used
        self._replies: list[tuple[tuple[int, ...], Returned]] = []
        self._targets = [set(_steps_in(call.step.target)) for call in transcript]
        self._now = 0  # the call that is read

    def read(self, part: tuple[Any, ...]) -> Program:
        """The whole transcript."""
        steps: dict[int, ProgramStep] = {}
        for number, call in enumerate(self._transcript):
            self._now = number
            if call.kind == "share":
                self._shared[number] = self._value(call.args[0])
            elif call.kind in LOOKS:
                self._looks[number] = self._look(call)
            elif call.kind in ("call", "set", "assign", "op", "beside"):
                steps[number] = self._step(call)
                self._replied(number, call.reply, ())
        if not steps:
            raise Unprogrammable("nothing is called")
        shared = frozenset(blank.number for blank in blanks_in(list(self._shared.values())))
        return replace(self._ending(steps, part), shared=shared)

    def _ending(self, steps: dict[int, ProgramStep], part: tuple[Any, ...]) -> Program:
        """The program with what is to be looked at."""
        last = self._transcript[-1]
        if last.kind == "now":
            changed = self._value(last.step.target)
            for key in part:
                changed = changed[key]
            return Program(steps, counted=frozenset(blank.number for blank in blanks_in(changed)))
        if last.kind in LOOKS:
            return Program(steps, reads=self._looks[len(self._transcript) - 1], part=part)
        if len(self._transcript) - 1 not in steps:
            raise Unprogrammable(last.kind)
        return Program(steps, part=part)

    def _look(self, call: Call) -> Expression:
        of = self._expression(call.step.target)
        if call.kind == "get":
            return Attribute(of, call.step.name)
        return Subscript(of, self._value(call.args[0])) if call.kind == "index" else Members(of)

    def _step(self, call: Call) -> ProgramStep:
        args = tuple(map(self._value, call.args))
        if call.kind == "op":
            return ProgramStep(Operator(call.step.name), args, kind="op")
        if call.kind == "beside":
            return ProgramStep(_shipped(call), args[1:], kind="beside")
        if call.kind == "assign":
            return ProgramStep(self._assigned(call.step.target), args, kind="assign")
        function = self._expression(call.step.target)
        if call.kind == "set":
            return ProgramStep(function, args, attribute=call.step.name, kind="set")
        return ProgramStep(
            function, args, tuple((key, self._value(value)) for key, value in call.kwargs.items())
        )

    def _assigned(self, place: Any) -> Expression | Blank:
        found = self._value(place)
        if not isinstance(found, (Blank, *EXPRESSIONS)):
            raise Unprogrammable("several arrays that were shared")
        return found

    def _expression(self, place: Any) -> Expression:
        if isinstance(place, NameRef):
            return Name(place.name)
        if isinstance(place, MethodRef):
            return Attribute(self._expression(place.owner), place.attribute, called=True)
        if not isinstance(place, PartRef) or place.step in self._shared:
            raise Unprogrammable("an object of unknown origin")
        if place.step in self._looks:
            look = self._looks[place.step]
            return Part(look, place.path) if place.path else look
        if self._transcript[place.step].kind not in ("call", "op", "beside"):
            raise Unprogrammable(self._transcript[place.step].kind)
        return Returned(place.step, place.path)

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
            columns=values.ndim > 1 and not values.flags.c_contiguous,
            like=self._like(tuple(values.shape)),
        )
        self._blanks[id(array)] = blank
        return blank

    def _like(self, shape: tuple[int, ...]) -> Returned | None:
        """What has this shape among the answers on which this call depends: an output, for its gradient."""
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

    def _replied(self, number: int, reply: Any, path: tuple[Any, ...]) -> None:
        """Remember the shapes of arrays that a step returned."""
        if (isinstance(reply, np.ndarray) or is_tensor(reply)) and reply.shape:
            self._replies.insert(0, (tuple(reply.shape), Returned(number, path)))
        elif isinstance(reply, (list, tuple)):
            for index, item in enumerate(reply):
                self._replied(number, item, (*path, index))
        elif isinstance(reply, dict):
            for key, item in reply.items():
                self._replied(number, item, (*path, key))


def _shipped(call: Call) -> Shipped:
    """A function of the grader's, where it is short: it holds no secret, since its source crosses anyway."""
    source = _bare(str(call.args[0]))
    if source.count("\n") >= LONGEST:
        raise Unprogrammable("a long function of the grader's")
    return Shipped(call.step.name, source)


class _Bare(ast.NodeTransformer):
    """A function without docstrings and type hints: these may name what a cell does not import."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)


@lru_cache(maxsize=64)
def _bare(source: str) -> str:
    tree = _Bare().visit(ast.parse(source))
    return "\n".join(line for line in ast.unparse(ast.fix_missing_locations(tree)).split("\n") if line)


def _steps_in(value: Any) -> Iterator[int]:
    """The numbers of the steps that places refer to."""
    for place in leaves(value):
        while isinstance(place, MethodRef):
            place = place.owner
        if isinstance(place, PartRef):
            yield place.step


def _sliced(program: Program) -> Program:
    """Only the steps on which the failing one, or what is read, depends."""
    steps = program.steps
    last = max(steps)
    wanted = {result.step for result in results_of(program.reads)} if program.reads else {last}
    if program.reads and last not in wanted and not _touches(steps[last], wanted):
        last = max(wanted, default=last)
    kept: dict[int, ProgramStep] = {}
    for number in sorted((n for n in steps if n <= last), reverse=True):
        step = steps[number]
        if number in wanted or _touches(step, wanted) or step.kind == "assign":
            kept[number] = step
            wanted |= {number, *(result.step for result in results_of(step))}
    return replace(program, steps=dict(sorted(kept.items()))) if kept else program


def _touches(step: ProgramStep, wanted: set[int]) -> bool:
    """A call of a method, or an assignment to an attribute, of an object that is needed."""
    return any(result.step in wanted for result in results_of(step.function))
