"""The checks of a unit as its ``grader.py`` announces them, read without running it.

A check is a function ``test_...`` with one mark and a docstring::

    @pytest.mark.task("conv2d_forward", points=3, law=False, bonus=False)
    def test_stride(student, draw):
        \"\"\"Stride 2 skips every other window.\"\"\"

The mark's arguments are literals, so that ``course units`` answers without importing
NumPy, and so that points cannot depend on anything that happens at run time.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, did_you_mean
from .source import parse_file

OPTIONS = ("points", "law", "bonus", "on")
GONE = {
    "mirror": "only what right(...), close(...), dtype(...) or .value names is compared with the reference's",
    "isolate": "what is passed on goes by value, and no check sees what another one made",
}
FULL_MARKS = 100.0  # core points of a complete unit


@dataclass(frozen=True)
class Criterion:
    """One hidden check: what it is called, what it is worth and to whom."""

    id: str  # the function's name
    task: str
    points: float
    title: str  # first line of the docstring; the sentence that students read
    law: bool = False  # earns only where a value check of the same task passed
    bonus: bool = False  # its points are extra
    on: tuple[str, ...] = ()  # functions of other tasks that it stands on
    line: int = 0


@dataclass(frozen=True)
class TaskPoints:
    """What one task is worth: ``points`` count to the 100, ``max_bonus`` comes on top."""

    name: str
    points: float
    max_bonus: float

    @property
    def bonus(self) -> bool:
        """True where the whole task is extra."""
        return self.points == 0 and self.max_bonus > 0


def read_criteria(path: Path) -> tuple[Criterion, ...]:
    """The checks of a grader file, in the order in which they stand.

    Raises:
        ConfigError: with file and line, where the file is missing or no Python, a check
            lacks its mark or docstring, an argument is no literal, or a name occurs twice.
    """
    tree = parse_file(path)
    marks: dict[str, Criterion] = {}
    for function in tests_of(tree):
        where = f"{path}:{function.lineno}"
        if function.name in marks:
            raise ConfigError(
                f"{where}: {function.name} is defined twice; the first would never run. Rename one."
            )
        marks[function.name] = _mark(function, where)
    return tuple(marks.values())


def points_by_task(marks: Iterable[Criterion]) -> tuple[TaskPoints, ...]:
    """The sums over the checks of each task, in the order of each task's first check."""
    core: dict[str, float] = {}
    extra: dict[str, float] = {}
    for mark in marks:
        core[mark.task] = core.get(mark.task, 0.0) + (0.0 if mark.bonus else mark.points)
        extra[mark.task] = extra.get(mark.task, 0.0) + (mark.points if mark.bonus else 0.0)
    return tuple(TaskPoints(name, round(core[name], 6), round(extra[name], 6)) for name in core)


def tests_of(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The test functions at the top level of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def mark_call(function: ast.FunctionDef) -> ast.Call | None:
    """The ``@pytest.mark.task(...)`` of a function, where it has one."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.task":
            return decorator
    return None


def title_of(function: ast.FunctionDef, where: str) -> str:
    """The first line of a check's docstring.

    Raises:
        ConfigError: there is none.
    """
    lines = (ast.get_docstring(function) or "").splitlines()
    if not lines or not lines[0].strip():
        raise ConfigError(
            f"{where}: {function.name} has no docstring; its first line is what the student reads."
        )
    return lines[0].strip()


def _mark(function: ast.FunctionDef, where: str) -> Criterion:
    call = mark_call(function)
    if call is None:
        raise ConfigError(
            f"{where}: {function.name} has no mark; expected @pytest.mark.task('name', points=...)"
        )
    options = _options(call, f"{where}: mark of {function.name}")
    return Criterion(id=function.name, title=title_of(function, where), line=function.lineno, **options)


def _options(call: ast.Call, where: str) -> dict[str, Any]:
    if len(call.args) != 1:
        raise ConfigError(f"{where}: expected the task's name as the only positional argument")
    options = {"task": _literal(call.args[0], where, "task")}
    for keyword in call.keywords:
        if keyword.arg in GONE:
            raise ConfigError(f"{where}: {keyword.arg}= is gone, since {GONE[keyword.arg]}; leave it out")
        if keyword.arg not in OPTIONS:
            raise ConfigError(
                f"{where}: no option {keyword.arg!r}: {did_you_mean(str(keyword.arg), OPTIONS)}"
            )
        options[keyword.arg] = _literal(keyword.value, where, keyword.arg)
    return _checked(options, where)


def _literal(node: ast.expr, where: str, name: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ConfigError(
            f"{where}: {name} is {ast.unparse(node)!r}, expected a literal: marks are read without running"
        ) from None


def _checked(options: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(options["task"], str) or not options["task"].isidentifier():
        raise ConfigError(f"{where}: task is {options['task']!r}, expected a name such as 'conv2d_forward'")
    points = options.get("points")
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 < points < math.inf:
        raise ConfigError(f"{where}: points is {points!r}, expected a positive number")
    for name in ("law", "bonus"):
        if not isinstance(options.get(name, False), bool):
            raise ConfigError(f"{where}: {name} is {options[name]!r}, expected True or False")
    on = options.get("on", ())
    if not isinstance(on, tuple) or not all(isinstance(name, str) and name.isidentifier() for name in on):
        raise ConfigError(f"{where}: on is {on!r}, expected a tuple of names such as ('im2col',)")
    return {**options, "points": float(points), "on": on}
