"""Small public inputs for a program, and what comes of running it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...course import Limits
from ...inside.objects import ANY
from ...inside.wire import MethodRef, NameRef, PartRef
from ...student import Answer, StudentFault, Subject
from ...student import Step as StudentStep
from ...student.faults import raised
from ...student.session import Budget, Session, Unanswered
from ...student.steps import Place
from ..same import same_value
from .programs import (
    EXPRESSIONS,
    Attribute,
    Blank,
    Members,
    Name,
    Operator,
    Part,
    Program,
    ProgramStep,
    Seeded,
    Shipped,
    Subscript,
    scaled,
)

NEAR = ("ones", "counting", "mixed", "random", "eighths")  # simplest first
STYLES = (*NEAR, "far", "ends")
RICH = 2  # of the styles; in simpler ones too much is alike to begin with
FAR = 50.0  # hidden values beyond this one may be what a mistake needs, and so may the ends of a share
RANDOM_SEED = 0  # public: the inputs are the same for everyone


@dataclass
class Inputs:
    """Values for the blanks of a program; the same for everyone who runs it."""

    scale: Mapping[int, int]
    style: str = "mixed"
    arrays: dict[int, np.ndarray] = field(default_factory=dict)

    def array(self, blank: Blank, like: Any) -> np.ndarray:
        """The values of one blank; ``like`` is the result whose shape it takes, if any."""
        if blank.number not in self.arrays:
            shape = tuple(like.shape) if hasattr(like, "shape") else scaled(blank, self.scale)
            self.arrays[blank.number] = _values(blank, shape, self.style)
        return self.arrays[blank.number]

    @property
    def size(self) -> int:
        """How many numbers a reader has to look at."""
        return sum(array.size for array in self.arrays.values())


@dataclass(frozen=True)
class Observed:
    """What a program came to: a value and the shared arrays, or an exception."""

    value: Any = None
    shared: tuple[Any, ...] = ()
    raised: str = ""  # the class of the exception
    reason: str = ""  # a sentence for the student

    def counting(self, program: Program) -> Any:
        """What of it counts: the arrays that are changed in place, or a part of the value.

        All of the value, where it has no such part.
        """
        if program.counted:
            return self.shared
        value = self.value
        for key in program.part:
            if not isinstance(value, (list, tuple, dict)) or not _has(value, key):
                return self.value
            value = value[key]
        return value

    def differs(self, other: Observed, program: Program) -> bool:
        """Whether two endings of a program are not the same up to rounding."""
        if self.raised or other.raised:
            return self.raised != other.raised
        return not same_value(self.counting(program), other.counting(program))


def _has(value: Any, key: Any) -> bool:
    return key in value if isinstance(value, dict) else type(key) is int and key < len(value)


def run(program: Program, inputs: Inputs, subject: Subject, task: str, limits: Limits) -> Observed:
    """Run a program on a subject, with copies of the inputs."""
    budget = Budget(limits.calls, time.monotonic() + limits.test_seconds)
    try:
        session = Session(subject.connect(), budget, limits.call_seconds)
        return _Runner(session, inputs, program.on_scale(inputs.scale)).run()
    except Unanswered as error:
        end = subject.ended(error.timed_out)
        return Observed(raised=str(end.verdict), reason=end.detail)
    except StudentFault as fault:
        return Observed(raised=str(fault.verdict), reason=fault.reason)


class _Stopped(Exception):
    """A step brought no value."""

    def __init__(self, ending: Observed) -> None:
        self.ending = ending


class _Runner:
    """Turns a program into steps; they cross together, as far as the shape of no input hangs on a reply."""

    def __init__(self, session: Session, inputs: Inputs, program: Program) -> None:
        self._session = session
        self._inputs = inputs
        self._program = program
        self._steps: list[StudentStep] = []
        self._answers: list[Answer] = []
        self._made: dict[int, Any] = {}  # arrays, or places of shared ones, by the number of the blank
        self._places: dict[int, int] = {}  # step of the program -> step that crosses

    def run(self) -> Observed:
        """What the program comes to."""
        program = self._program
        try:
            for number, step in program.steps.items():
                self._places[number] = self._step(step)
            last = len(self._steps) - 1
            if program.reads is not None:
                last = self._place(program.reads).step
            now = [self._note("now", self._made[number]) for number in program.changed()]
            self._settle()
        except _Stopped as stopped:
            return stopped.ending
        return Observed(self._answers[last].value, tuple(self._answers[each].value for each in now))

    def _step(self, step: ProgramStep) -> int:
        args = tuple(map(self._value, step.args))
        label = self._program.label(step.function) or "The call"
        if isinstance(step.function, Operator):
            return self._note("op", None, args, name=step.function.name, label="The operator")
        if isinstance(step.function, Shipped):
            source, name = step.function.source, step.function.name
            return self._note("beside", None, (source, *args), name=name, label=label)
        target = self._value(step.function)
        kwargs = {key: self._value(value) for key, value in step.kwargs}
        return self._note(step.kind, target, args, kwargs, step.attribute, label)

    def _note(
        self,
        kind: str,
        target: Place | None,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        name: str = "",
        label: str = "The call",
    ) -> int:
        self._steps.append(StudentStep(kind, target, args, kwargs or {}, name, label))
        return len(self._steps) - 1

    def _settle(self) -> None:
        """Let cross what has not.

        Raises:
            _Stopped: a step brought no value.
        """
        first = len(self._answers)
        self._answers += self._session.ask(first, self._steps[first:])
        for step, answer in zip(self._steps[first:], self._answers[first:], strict=True):
            if answer.claim is not None:
                kind = str(answer.claim.get("class"))
                raise _Stopped(Observed(raised=kind, reason=raised(answer.claim, step.label).reason))
            if answer.unmade:
                raise _Stopped(
                    Observed(raised="TypeError", reason="What one call returned cannot be used in the next.")
                )

    def _value(self, value: Any) -> Any:
        if isinstance(value, EXPRESSIONS):
            return self._place(value)
        if isinstance(value, Blank):
            return self._array(value)
        if isinstance(value, Seeded):
            return _generator(value)
        if type(value) in (list, tuple):
            return type(value)(self._value(item) for item in value)
        if type(value) is dict:
            return {key: self._value(item) for key, item in value.items()}
        return value

    def _place(self, value: Any) -> Any:
        if isinstance(value, Name):
            return NameRef(value.name)
        if isinstance(value, Attribute) and value.called:
            return MethodRef(self._place(value.of), value.name)
        if isinstance(value, Attribute):
            return PartRef(self._note("get", self._place(value.of), name=value.name))
        if isinstance(value, Subscript):
            return PartRef(self._note("index", self._place(value.of), (self._value(value.key),)))
        if isinstance(value, Members):
            return PartRef(self._note("items", self._place(value.of)))
        if isinstance(value, Part):
            of = self._place(value.of)
            return PartRef(of.step, (*of.path, *value.path), (*of.counts, *(ANY for _ in value.path)))
        return PartRef(self._places[value.step], value.path, (ANY,) * len(value.path))

    def _array(self, blank: Blank) -> Any:
        if blank.number not in self._made:
            array = _in_library(blank, self._inputs.array(blank, self._like(blank)).copy())
            shared = blank.number in self._program.shared
            self._made[blank.number] = PartRef(self._note("share", None, (array,))) if shared else array
        return self._made[blank.number]

    def _like(self, blank: Blank) -> Any:
        """The result whose shape a blank takes, where it is needed."""
        if blank.like is None or blank.number in self._inputs.arrays:
            return None
        self._settle()
        found = self._answers[self._places[blank.like.step]].value
        for key in blank.like.path:
            try:
                found = found[key]
            except (TypeError, LookupError) as error:
                reason = "What an earlier call returned has not as many values as it should."
                raise _Stopped(Observed(raised="TypeError", reason=reason)) from error
        return found


def _values(blank: Blank, shape: tuple[int, ...], style: str) -> np.ndarray:
    """Small whole numbers, in the range of the hidden values."""
    size = int(np.prod(shape))
    count = np.arange(size)
    if blank.dtype.kind == "b":
        flat = count % 2 == 0 if blank.low < blank.high else np.full(size, bool(blank.low))
    elif blank.low == blank.high and np.prod(blank.shape) > 1:  # zeros, say, where a kink is
        flat = np.full(size, _one_digit(blank.low))
    elif style == "ends":
        flat = np.where(count % 2 == 0, *_ends(blank))
    elif style == "far":
        ends = [*_ends(blank), 0.5 if blank.high <= 1 else 1.0]
        flat = np.random.default_rng([RANDOM_SEED, size, blank.number]).choice(ends, size)
    elif blank.dtype.kind in "iu":
        first = max(-9, int(blank.low)) if blank.low < 0 else int(blank.low)
        high = max(1, int(min(blank.high, max(shape, default=1), 9)) - first + 1)
        flat = first + (count if style != "ones" else 0 * count) % high
    elif blank.low >= 0 and blank.high <= 1:
        flat = {"ones": np.full(size, 0.5), "counting": (count % 3 + 1) / 4}.get(
            style, (count * 3 % 5 + 1) / 8
        )
    else:
        flat = _whole(count, style, blank.number)
        flat = np.abs(flat) + (flat == 0) if blank.low >= 0 else flat
    return np.asarray(flat).astype(blank.dtype).reshape(shape)


def is_far(blank: Blank) -> bool:
    """Whether the hidden values lie where small whole numbers do not."""
    shares = blank.low >= 0 and blank.high <= 1 and blank.low < blank.high
    return max(blank.high, -blank.low) > FAR or (shares and (blank.low == 0 or blank.high == 1))


def _ends(blank: Blank) -> tuple[float, float]:
    """About the greatest and the least of the hidden values; of a single one only how large it is."""
    if np.prod(blank.shape) > 1:
        return _one_digit(blank.high), _one_digit(blank.low)
    size = 10.0 ** round(math.log10(max(abs(blank.high), 1.0)))
    return size, -size


def _one_digit(number: float) -> float:
    return float(f"{number:.1g}")


def _whole(count: np.ndarray, style: str, number: int) -> np.ndarray:
    """Two arrays of one shape differ in the richer styles: with equal gradients much looks right."""
    if style == "ones":
        return np.ones(count.size)
    if style == "counting":
        return count + 1.0
    if style == "mixed":
        return (count + number) * 3 % 7 - 2.0
    rng = np.random.default_rng([RANDOM_SEED, count.size, number])
    return rng.integers(-4, 5, count.size) / (8 if style == "eighths" else 1)


def _in_library(blank: Blank, values: np.ndarray) -> Any:
    if blank.library == "numpy":
        return np.asfortranarray(values) if blank.columns else values
    import torch

    tensor = torch.from_numpy(values)
    return tensor.requires_grad_() if blank.gradient else tensor


def _generator(seeded: Seeded) -> Any:
    if seeded.library == "numpy":
        return np.random.default_rng(RANDOM_SEED)
    import torch

    return torch.Generator().manual_seed(RANDOM_SEED)
