"""Small public inputs for a program, and what comes of running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...course import Limits
from ...student import Student, StudentFault, Subject, Trial
from ..same import is_tensor, same_value
from .programs import Attribute, Blank, Name, Program, Result, Seeded, Step, scaled

STYLES = ("ones", "counting", "mixed", "random")  # simplest first
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
class Ending:
    """What a program came to: a value and the shared arrays, or an exception."""

    value: Any = None
    shared: tuple[Any, ...] = ()
    raised: str = ""  # the class of the exception
    reason: str = ""  # a sentence for the student

    def differs(self, other: Ending) -> bool:
        """Whether two endings are not the same up to rounding."""
        if self.raised or other.raised:
            return self.raised != other.raised
        return not (same_value(self.value, other.value) and same_value(self.shared, other.shared))


def run(program: Program, inputs: Inputs, subject: Subject, task: str, limits: Limits) -> Ending:
    """Run a program on a subject, with copies of the inputs."""
    student = Student(subject, Trial(task, {}, limits, mirrored=False))
    runner = _Runner(student, inputs, program.changed())
    try:
        value: Any = None
        for number, step in program.steps.items():
            value = runner.step(number, step)
        if program.reads is not None:
            value = runner.value(program.reads)
    except StudentFault as fault:
        claim = getattr(fault, "claim", {})
        return Ending(raised=str(claim.get("class") or fault.verdict), reason=fault.reason)
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        # A number where an object should be, say: the program cannot go on with what came.
        return Ending(
            raised=type(error).__name__, reason="What one call returned cannot be used in the next."
        )
    return Ending(_settled(student, value), runner.shared())


class _Runner:
    def __init__(self, student: Student, inputs: Inputs, shared: tuple[int, ...]) -> None:
        self._student = student
        self._inputs = inputs
        self._shared = shared
        self._made: dict[int, Any] = {}
        self._results: dict[int, Any] = {}

    def step(self, number: int, step: Step) -> Any:
        function = self.value(step.function)
        args = [self.value(arg) for arg in step.args]
        if step.attribute:
            setattr(function, step.attribute, args[0])
            return None
        self._results[number] = function(*args, **{key: self.value(value) for key, value in step.kwargs})
        return self._results[number]

    def shared(self) -> tuple[Any, ...]:
        return tuple(_copy(self._made[number]) for number in self._shared)

    def value(self, value: Any) -> Any:
        if isinstance(value, Name):
            return getattr(self._student, value.name)
        if isinstance(value, Result):
            return self._result(value)
        if isinstance(value, Attribute):
            return getattr(self.value(value.of), value.name)
        if isinstance(value, Blank):
            return self._array(value)
        if isinstance(value, Seeded):
            return _generator(value)
        if type(value) in (list, tuple):
            return type(value)(self.value(item) for item in value)
        if type(value) is dict:
            return {key: self.value(item) for key, item in value.items()}
        return value

    def _result(self, result: Result) -> Any:
        found = self._results[result.step]
        for key in result.path:
            try:
                found = found[key]
            except (TypeError, IndexError, KeyError) as error:
                raise StudentFault(
                    "What an earlier call returned has not as many values as it should."
                ) from error
        return found

    def _array(self, blank: Blank) -> Any:
        if blank.number not in self._made:
            like = self._result(blank.like) if blank.like is not None else None
            values = self._inputs.array(blank, like).copy()
            self._made[blank.number] = _in_library(blank, values)
            if blank.number in self._shared:
                self._student.share(self._made[blank.number])
        return self._made[blank.number]


def _settled(student: Student, value: Any) -> Any:
    """The value as the transcript holds it: handles rather than proxies."""
    return student.transcript[-1].reply if student.transcript else value


def _values(blank: Blank, shape: tuple[int, ...], style: str) -> np.ndarray:
    """Small whole numbers, in the range of the hidden values."""
    size = int(np.prod(shape))
    count = np.arange(size)
    if blank.dtype.kind == "b":
        flat = count % 2 == 0
    elif blank.dtype.kind in "iu":
        high = max(1, int(min(blank.high, max(shape, default=1), 9)) - max(0, int(blank.low)) + 1)
        flat = max(0, int(blank.low)) + (count if style != "ones" else 0 * count) % high
    elif blank.low >= 0 and blank.high <= 1:
        flat = {"ones": np.full(size, 0.5), "counting": (count % 3 + 1) / 4}.get(
            style, (count * 3 % 5 + 1) / 8
        )
    else:
        flat = _whole(count, style)
        flat = np.abs(flat) + (flat == 0) if blank.low >= 0 else flat
    return np.asarray(flat).astype(blank.dtype).reshape(shape)


def _whole(count: np.ndarray, style: str) -> np.ndarray:
    if style == "ones":
        return np.ones(count.size)
    if style == "counting":
        return count + 1.0
    if style == "mixed":
        return count * 3 % 7 - 2.0
    return np.random.default_rng([RANDOM_SEED, count.size]).integers(-4, 5, count.size).astype(float)


def _in_library(blank: Blank, values: np.ndarray) -> Any:
    if blank.library == "numpy":
        return values
    import torch

    tensor = torch.from_numpy(values)
    return tensor.requires_grad_() if blank.gradient else tensor


def _generator(seeded: Seeded) -> Any:
    if seeded.library == "numpy":
        return np.random.default_rng(RANDOM_SEED)
    import torch

    return torch.Generator().manual_seed(RANDOM_SEED)


def _copy(array: Any) -> Any:
    return array.detach().clone() if is_tensor(array) else array.copy()
