"""A unit's hidden checks called directly: what stands in for a TA's autotests, and the floor's live checks.

A check function gets a ``student`` whose calls are carried out in this process, on the namespace in which the
cells ran. Where nbgrader and Otter use it, student and checks share a process, as they do there.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from _pytest.mark.structures import ParameterSet
from _pytest.outcomes import OutcomeException

from autograder.checks.draws import Draw
from autograder.course import Limits
from autograder.judge.collecting import is_eager
from autograder.judge.papers import PUBLISHED_SECRET, Papers
from autograder.student import Terms
from autograder.unit.criteria import Criterion, read_criteria

from .direct import DirectStudent, Namespace, passes

SPEC = "BENCHMARK_SPEC"  # names the file with grader and papers, for kernels of other systems


class PlainTests:
    """The checks of one ``grader.py``.

    Args:
        grader: the file.
        papers: the inputs of its checks.
        task_of: name that the notebook defines -> its task.
    """

    def __init__(self, grader: Path, papers: Papers, task_of: Mapping[str, str]) -> None:
        root = str(grader.parents[2])
        if root not in sys.path:
            sys.path.insert(0, root)  # for `solutions`
        module = _module_of(grader)
        self.marks = {mark.id: mark for mark in read_criteria(grader)}
        self.reference: Namespace = vars(importlib.import_module(f"solutions.{grader.parent.name}"))
        self._papers = papers
        self._eager = is_eager(grader)
        self._task_of = {**{mark.task: mark.task for mark in self.marks.values()}, **task_of}
        self._functions = {name: getattr(module, name) for name in self.marks}
        self._cases = {name: list(cases(function)) for name, function in self._functions.items()}

    def terms(self, mark: Criterion) -> Terms:
        """On whose behalf a check asks."""
        return Terms(mark.task, self._task_of, Limits(), self._eager)

    def stand_ins(self, mark: Criterion) -> dict[str, Any]:
        """What a check may find in the place of what it stands on."""
        return {name: self.reference[name] for name in mark.on}

    def holds(self, check: str, namespace: Namespace, paper: int) -> bool:
        """Whether a check passes, with all of its cases."""
        stand_ins = self.stand_ins(self.marks[check])
        return all(
            passes(partial(self.passes, check, case, namespace, paper), namespace, stand_ins)
            for case in range(len(self._cases[check]))
        )

    def passes(self, check: str, case: int, namespace: Namespace, paper: int) -> bool:
        """Whether one case of a check passes, with what is in the namespace now."""
        student = DirectStudent(self.terms(self.marks[check]), self.reference, namespace)
        rng = np.random.default_rng([self._papers.seed(check, paper), case])
        fixtures = {"student": student, "rng": rng, "draw": Draw(rng), **self._cases[check][case]}
        function = self._functions[check]
        try:
            function(**{name: fixtures[name] for name in signature(function).parameters})
            student.end()
        except (Exception, OutcomeException):
            return False
        return True

    def points_of(self, task: str, namespace: Namespace, paper: int) -> float:
        """The points of one task, core and bonus together, by the engine's rule for laws."""
        marks = [mark for mark in self.marks.values() if mark.task == task]
        passed = [mark for mark in marks if self.holds(mark.id, namespace, paper)]
        proven = any(not mark.law for mark in passed)
        return sum(mark.points for mark in passed if proven or not mark.law)


def _module_of(grader: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"plain_{grader.parent.name}", grader)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    tests, paper_of = _spec()
    return float(tests.points_of(task, namespace, paper_of[namespace["STUDENT"]]))


def check(name: str, namespace: Namespace) -> bool:
    """Whether one check passes; what an Otter test asserts."""
    tests, paper_of = _spec()
    return tests.holds(name, namespace, paper_of[namespace["STUDENT"]])


@lru_cache(maxsize=1)
def _spec() -> tuple[PlainTests, dict[str, int]]:
    """The checks, and each student's paper."""
    spec = json.loads(Path(os.environ[SPEC]).read_text())
    grader = Path(spec["grader"])
    papers = Papers(PUBLISHED_SECRET, grader.parent.name, spec["papers"])
    return PlainTests(grader, papers, spec["task_of"]), spec["paper_of"]
