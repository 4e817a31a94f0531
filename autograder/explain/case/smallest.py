"""The smallest case in which a submission goes wrong, on public inputs.

Found by search after the marks are final: the failing calls of a hidden check, with other
inputs, made smaller as long as the submission and the reference still disagree. The hidden
inputs are never tried. The budget counts runs, not seconds, so that the same submission is
told the same on every machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from ...course import Limits
from ...student import Subject
from ..same import is_tensor, plain, same_value
from .filling import NEAR, RICH, STYLES, Inputs, Observed, is_far, run
from .lengths import capped, shorter
from .programs import Blank, Program, ProgramStep, results_of

RUNS = 200  # of programs, for one task
LARGEST = 9  # no length is tried above it
STARTS = 3  # of a program that are made smaller, one after the other
AT_FIRST = 5_000  # numbers in the inputs of the first case that is found
MOST_NUMBERS = 40  # in the inputs of the last, and in its answer
SLOW = 0.25  # seconds; after a run that takes longer the search ends with what it has
SEEN = 0.02  # of a number, by which another one must differ for a reader to see it at a glance
LEAST = 1e-2  # smaller numbers count as this one
PATIENCE = 1.0  # seconds for one call of student code, here where no mark depends on it


@dataclass(frozen=True)
class Case:
    """A program with its inputs, and what the two came to."""

    program: Program
    inputs: Inputs
    got: Observed
    expected: Observed

    @property
    def candidate(self) -> Candidate:
        """What to try in order to have this case again."""
        return Candidate(self.program, self.inputs.scale, self.inputs.style)

    @cached_property
    def gap(self) -> float:
        """By which share of a number the two answers differ; infinite where they are of different kinds."""
        if self.got.raised or self.expected.raised:
            return math.inf
        return _gap(self.got.counting(self.program), self.expected.counting(self.program))


@dataclass
class CaseSearch:
    """One search; ``may_raise`` where the reference is asked to raise.

    ``clock`` says what is slow: the CPU time of this process, where both are in it and what is
    found is kept, so that no other load of the machine decides.
    """

    student: Subject
    reference: Subject
    task: str
    limits: Limits
    may_raise: bool = False
    seen: float = SEEN  # by which answers must differ
    runs: int = RUNS
    slow: float = SLOW
    clock: Callable[[], float] = time.perf_counter
    _in_vain: set[str] = field(default_factory=set, init=False)  # candidates that are no case

    def smallest(self, program: Program) -> Case | None:
        """The smallest case that was found; None where there is none, or its answer is left to chance."""
        if not (self.may_raise or program.blanks() or _numbers_given(program)):
            return None  # nothing is asked but for a name: what is expected is the task's whole answer
        rounded = _rounded(program)
        others = () if program.blanks() else _other_numbers(rounded)  # 2.5 and 1.6 are the same when rounded
        starts = islice((each for one in (rounded, *others) for each in self._starts(one)), STARTS)
        return next(filter(None, (self._made_small(start, program) for start in starts)), None)

    def _made_small(self, found: Case, program: Program) -> Case | None:
        """What a case shrinks to; None where that is left to chance, or too large to be shown."""
        if not self._steady(found):
            return None
        for shrink in (_fewer_steps, _fewer_arguments, _shorter, _smaller_numbers, _shorter, _simpler):
            found = self._descend(found, shrink)
        small: Case | None = found
        if _is_hidden(found.program, program):
            others = (replace(found.candidate, program=other) for other in _other_numbers(found.program))
            small = next(filter(None, map(self.again, others)), None)
        if small is None:
            return None
        shown = _numbers(small.expected.counting(small.program))
        return small if max(small.inputs.size, shown) <= MOST_NUMBERS else None

    def again(self, candidate: Candidate) -> Case | None:
        """A case, if the submission fails it and the reference can answer it."""
        if self.runs <= 0:
            return None
        program, inputs = candidate.program, Inputs(candidate.scale, candidate.style)
        expected = self._run(program, inputs, self.reference)
        if bool(expected.raised) is not self.may_raise or inputs.size > AT_FIRST:
            return None
        if not _finite(expected.counting(program)):
            return None
        got = self._run(program, inputs, self.student)
        case = Case(program, inputs, got, expected)
        return case if got.differs(expected, program) and case.gap > self.seen else None

    def _smaller(self, candidate: Candidate) -> Case | None:
        """The same, but for what was tried in vain before: after each success all is looked through anew."""
        key = repr(candidate)
        found = self.again(candidate) if key not in self._in_vain else None
        if found is None:
            self._in_vain.add(key)
        return found

    def answer(self, case: Case) -> Observed:
        """What someone else's case comes to on this submission."""
        return self._run(case.program, case.inputs, self.student)

    def _starts(self, program: Program) -> Iterator[Case]:
        """Cases to begin with, small ones first."""
        far = any(map(is_far, program.blanks().values()))
        for scale in capped(program.lengths(), LARGEST):
            styles = (STYLES if far else NEAR)[RICH:]
            found = (self.again(Candidate(program, scale, style)) for style in styles)
            yield from islice(filter(None, found), 1)

    def _descend(self, case: Case, shrink: Callable[[Case], Iterator[Candidate]]) -> Case:
        """Take each smaller candidate that still fails, and go on from there."""
        progress = True
        while progress:
            progress = False
            for candidate in shrink(case):
                smaller = self._smaller(candidate)
                # A setting whose default hides the mistake stays.
                if smaller is not None and (shrink is not _fewer_arguments or smaller.gap > case.gap / 2):
                    case, progress = smaller, True
                    break
        return case

    def _run(self, program: Program, inputs: Inputs, subject: Subject) -> Observed:
        self.runs -= 1
        begun = self.clock()
        limits = replace(self.limits, call_seconds=min(PATIENCE, self.limits.call_seconds))
        ending = run(program, inputs, subject, self.task, limits)
        if self.clock() - begun > self.slow:
            self.runs = 0
        return ending

    def _steady(self, case: Case) -> bool:
        """Whether the reference gives the same answer again: chance has no smallest case."""
        again = self._run(case.program, case.inputs, self.reference)
        return not again.differs(case.expected, case.program)


@dataclass(frozen=True)
class Candidate:
    """Something to try."""

    program: Program
    scale: Mapping[int, int]
    style: str


def _shorter(case: Case) -> Iterator[Candidate]:
    for scale in shorter(case.inputs.scale):
        yield Candidate(case.program, scale, case.inputs.style)


def _fewer_steps(case: Case) -> Iterator[Candidate]:
    """Without all steps that nothing depends on, without half of them, without one."""
    steps = case.program.steps
    needed = {result.step for step in steps.values() for result in results_of(step)} | {case.program.last}
    needed |= {result.step for result in results_of(case.program.reads)}
    free = [number for number in steps if number not in needed]
    half = len(free) // 2
    groups = [free, free[:half], free[half:], *([number] for number in free)]
    for group in filter(None, groups):
        yield Candidate(case.program.without(group), case.inputs.scale, case.inputs.style)


def _fewer_arguments(case: Case) -> Iterator[Candidate]:
    for number, step in case.program.steps.items():
        for keyword in step.kwargs:
            fewer = replace(step, kwargs=tuple(other for other in step.kwargs if other != keyword))
            yield Candidate(case.program.with_step(number, fewer), case.inputs.scale, case.inputs.style)
        for index, arg in enumerate(step.args):
            if isinstance(arg, list) and len(arg) > 1:
                yield from _one_item_less(case, number, index, arg)


def _one_item_less(case: Case, number: int, index: int, items: list[Any]) -> Iterator[Candidate]:
    """Lists of one length lose the same item everywhere: parameters and their gradients belong together."""
    for place in sorted(range(len(items)), key=lambda place: -_axes(items[place])):
        program = case.program
        for other, step in case.program.steps.items():
            args = tuple(
                arg[:place] + arg[place + 1 :] if isinstance(arg, list) and len(arg) == len(items) else arg
                for arg in step.args
            )
            program = program.with_step(other, replace(step, args=args))
        yield Candidate(program, case.inputs.scale, case.inputs.style)


def _axes(item: Any) -> int:
    """Of several parameters the plainest is kept."""
    return len(item.shape) if isinstance(item, Blank) else 0


def _smaller_numbers(case: Case) -> Iterator[Candidate]:
    for number, step in case.program.steps.items():
        for smaller in _with_smaller_numbers(step):
            yield Candidate(case.program.with_step(number, smaller), case.inputs.scale, case.inputs.style)


def _with_smaller_numbers(step: ProgramStep) -> Iterator[ProgramStep]:
    for index, arg in enumerate(step.args):
        for less in _less(arg):
            yield replace(step, args=(*step.args[:index], less, *step.args[index + 1 :]))
    for index, (key, arg) in enumerate(step.kwargs):
        for less in _less(arg):
            kwargs = (*step.kwargs[:index], (key, less), *step.kwargs[index + 1 :])
            yield replace(step, kwargs=kwargs)


def _is_hidden(program: Program, original: Program) -> bool:
    """Whether plain numbers are all that was given, and they are still those of the hidden check."""
    same = program.steps.items() <= original.steps.items()
    return not program.blanks() and _numbers_given(program) and same


def _numbers_given(program: Program) -> bool:
    """Whether there are numbers among the arguments."""
    given = [value for step in program.steps.values() for value in (*step.args, *dict(step.kwargs).values())]
    return any(type(value) in (int, float, tuple, list) for value in given)


def _other_numbers(program: Program) -> Iterator[Program]:
    """One number larger by one."""
    for number, step in program.steps.items():
        for index, arg in enumerate(step.args):
            if type(arg) in (int, float):
                args = (*step.args[:index], arg + 1, *step.args[index + 1 :])
                yield program.with_step(number, replace(step, args=args))
        for index, (key, arg) in enumerate(step.kwargs):
            if type(arg) in (int, float):
                kwargs = (*step.kwargs[:index], (key, arg + 1), *step.kwargs[index + 1 :])
                yield program.with_step(number, replace(step, kwargs=kwargs))


def _less(value: Any) -> Iterator[Any]:
    if type(value) is int and value > 1:
        yield from range(1, value)
    elif type(value) is tuple and all(type(item) is int for item in value):
        for index, item in enumerate(value):
            for less in _less(item):
                yield (*value[:index], less, *value[index + 1 :])


def _simpler(case: Case) -> Iterator[Candidate]:
    for style in STYLES[: STYLES.index(case.inputs.style)]:
        yield Candidate(case.program, case.inputs.scale, style)


def _rounded(program: Program) -> Program:
    """The hidden check's settings to one digit."""
    steps = {number: _rounded_step(step) for number, step in program.steps.items()}
    return replace(program, steps=steps)


def _rounded_step(step: ProgramStep) -> ProgramStep:
    kwargs = tuple((key, _one_digit(value)) for key, value in step.kwargs)
    return replace(step, args=tuple(_one_digit(arg) for arg in step.args), kwargs=kwargs)


def _one_digit(value: Any) -> Any:
    if type(value) is float and math.isfinite(value):
        drawn = float(f"{value:.4g}") != value  # an author writes 0.999, and hardly more digits
        rounds = drawn or 0.001 <= abs(value) < 0.9 or abs(value) > 1.1
        return float(f"{value:.1g}") if rounds else value
    if type(value) is dict:
        return {key: _one_digit(item) for key, item in value.items()}
    return type(value)(_one_digit(item) for item in value) if type(value) in (tuple, list) else value


def _numbers(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return max((_numbers(item) for item in value), default=0)
    return int(np.prod(getattr(value, "shape", ())))


def _finite(value: Any) -> bool:
    """An expected value that is NaN or infinite teaches nothing."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    arrays = [plain(each) for each in values if _numeric(each)]
    return all(np.isfinite(array).all() for array in arrays if array.dtype.kind in "fc")


def _gap(got: Any, expected: Any) -> float:
    """By which share of a number two different answers differ; infinite where they are of different kinds."""
    if isinstance(got, (list, tuple)) and isinstance(expected, (list, tuple)) and len(got) == len(expected):
        several = [pair for pair in zip(got, expected, strict=True) if not same_value(*pair)]
        return max((_gap(*pair) for pair in several), default=0.0)
    if not (_numeric(got) and _numeric(expected)):
        return math.inf
    left, right = plain(got), plain(expected)
    if left.shape != right.shape or left.dtype != right.dtype or not np.isfinite(left).all():
        return math.inf
    size = np.maximum(np.maximum(np.abs(left), np.abs(right)), LEAST)
    return float((np.abs(left.astype(float) - right) / size).max(initial=0.0))


def _numeric(value: Any) -> bool:
    return isinstance(value, (float, np.ndarray)) or is_tensor(value)
