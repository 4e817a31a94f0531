"""A unit's hidden tests called directly: the floor, and what stands in for a TA's autotests.

``student`` is a plain object around the namespace in which the cells ran. Arguments are
not copied, replies are not compared with the reference's, nothing is caught but a test's
end. Where nbgrader and Otter use it, student and tests share a process, as they do there.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from _pytest.mark.structures import ParameterSet
from _pytest.outcomes import OutcomeException
from autograder.student.copies import copied

from autograder.checks.draws import Draw
from autograder.unit.criteria import Mark, read_marks

SPEC = "BENCHMARK_SPEC"  # names the file with grader and seeds, for kernels of other systems
Namespace = dict[str, Any]


class PlainStudent:
    """What a check calls, without any boundary."""

    def __init__(self, namespace: Namespace, reference: Callable[[], Namespace] = dict) -> None:
        self._namespace = namespace
        self._reference = reference
        self._names: dict[int, str] = {}  # id of what was fetched -> its name

    def __getattr__(self, name: str) -> Any:
        try:
            found = self._namespace[name]
        except KeyError:
            raise AttributeError(name) from None
        self._names[id(found)] = name
        return found

    def share(self, arrays: Any, *, shipped: bool = True) -> Any:
        return arrays

    def lend(self, target: Any) -> Any:
        return target

    def value(self, value: Any) -> Any:
        return value

    def inside(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def both(self, function: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
        right = function(*map(self._twin, args))
        return function(*args), right

    def _twin(self, value: Any) -> Any:
        """What the reference gets for an argument: its own of that name, or a copy."""
        name = self._names.get(id(value))
        return _copied(value) if name is None else self._reference()[name]

    def same(self, left: Any, right: Any) -> bool:
        return left is right

    def type_name(self, value: Any) -> str:
        return type(value).__name__


def _copied(value: Any) -> Any:
    """A copy for the reference, since the student's code may write into what it gets."""
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return copied(value)


class PlainTests:
    """The tests of one ``grader.py``."""

    def __init__(self, grader: Path) -> None:
        root = str(grader.parents[2])
        if root not in sys.path:
            sys.path.insert(0, root)  # for `from solutions import ...`
        spec = importlib.util.spec_from_file_location(f"plain_{grader.parent.name}", grader)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._unit = grader.parent.name
        self.marks = read_marks(grader)
        self._functions = {mark.id: getattr(module, mark.id) for mark in self.marks}
        self._cases = {name: list(cases(function)) for name, function in self._functions.items()}

    def reference(self) -> Namespace:
        """The names of the unit's reference."""
        return vars(importlib.import_module(f"solutions.{self._unit}"))

    def holds(self, check: str, namespace: Namespace, seed: int) -> bool:
        """Whether a check passes, with all of its cases."""
        student = PlainStudent(namespace, self.reference)
        return all(
            self._passes(self._functions[check], student, [seed, number], case)
            for number, case in enumerate(self._cases[check])
        )

    def score(self, namespace: Namespace, seeds: dict[str, int]) -> tuple[float, float]:
        """(core points, bonus points) of all checks."""
        marks = self._earning(self.marks, namespace, seeds)
        return sum(m.points for m in marks if not m.bonus), sum(m.points for m in marks if m.bonus)

    def points_of(self, task: str, namespace: Namespace, seeds: dict[str, int]) -> float:
        """The points of one task, core and bonus together."""
        marks = tuple(mark for mark in self.marks if mark.task == task)
        return sum(mark.points for mark in self._earning(marks, namespace, seeds))

    def _earning(self, marks: tuple[Mark, ...], namespace: Namespace, seeds: dict[str, int]) -> list[Mark]:
        """The checks that earn their points, by the engine's rule for laws."""
        passed = {mark.id: self.holds(mark.id, namespace, seeds[mark.id]) for mark in marks}
        proven = {mark.task for mark in marks if passed[mark.id] and not mark.law}
        return [mark for mark in marks if passed[mark.id] and (not mark.law or mark.task in proven)]

    @staticmethod
    def _passes(test: Callable[..., Any], student: PlainStudent, seed: list[int], case: Namespace) -> bool:
        rng = np.random.default_rng(seed)
        fixtures = {"student": student, "rng": rng, "draw": Draw(rng), **case}
        try:
            test(**{name: fixtures[name] for name in signature(test).parameters})
        except (Exception, OutcomeException):
            return False
        return True


def cases(function: Callable[..., Any]) -> Iterator[Namespace]:
    """The arguments of each case of a parametrised test, in pytest's order; one empty case without."""
    marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
    for row in itertools.product(*(list(_values(mark.args)) for mark in reversed(marks))):
        yield {name: value for part in row for name, value in part.items()}


def _values(args: tuple[Any, ...]) -> Iterator[Namespace]:
    names, values = args
    several = isinstance(names, (tuple, list)) or "," in names
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    for value in values:
        row = value if several else [value]
        if isinstance(value, ParameterSet):  # pytest.param(...)
            row = value.values
        yield dict(zip(listed, row, strict=True))


# --- for the kernels of other systems ---


def points(task: str, namespace: Namespace) -> float:
    """The points of one task; what an autotest cell ends in."""
    tests, seeds = _spec()
    return float(tests.points_of(task, namespace, seeds[namespace["STUDENT"]]))


def check(name: str, namespace: Namespace) -> bool:
    """Whether one check passes; what an Otter test asserts."""
    tests, seeds = _spec()
    return tests.holds(name, namespace, seeds[namespace["STUDENT"]][name])


@lru_cache(maxsize=1)
def _spec() -> tuple[PlainTests, dict[str, dict[str, int]]]:
    spec = json.loads(Path(os.environ[SPEC]).read_text())
    return PlainTests(Path(spec["grader"])), spec["seeds"]
