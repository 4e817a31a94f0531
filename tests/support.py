"""Notebooks for tests: cells, the solved notebook of a unit, a small release."""

from __future__ import annotations

import ast
import inspect
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from autograder.course import Unit
from autograder.notebook import Release, read_release, read_submission, to_program

ROOT = Path(__file__).parents[1]
LITTLE = ROOT / "tests" / "little"  # a course of one small unit


def in_two_processes(code: str, **environment: str) -> tuple[bytes, bytes]:
    """What a program prints in two processes whose sets are ordered differently."""
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, **environment},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    return first, second


def shortest(action: Callable[[], Any], enough: float, tries: int = 3) -> float:
    """The shortest time in seconds of a few tries, or the first that is enough.

    What else the machine does can make an action slower and never faster.
    """
    times: list[float] = []
    while len(times) < tries and min(times, default=math.inf) >= enough:
        begun = time.monotonic()
        action()
        times.append(time.monotonic() - begun)
    return min(times)


def code(source: str, grade_id: str | None = None, **nbgrader: Any) -> dict[str, Any]:
    """A code cell; with a ``grade_id`` it carries nbgrader's metadata."""
    cell = {"cell_type": "code", "execution_count": None, "outputs": [], "metadata": {}, "source": source}
    if grade_id:
        cell["metadata"] = {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **nbgrader}}
    return cell


def task(source: str, name: str) -> dict[str, Any]:
    """The cell of a task."""
    return code(source, name, solution=True, grade=False, locked=False, task=False)


def locked(source: str, grade_id: str) -> dict[str, Any]:
    """A locked cell."""
    return code(
        source, grade_id, solution=False, grade=grade_id.startswith("points-"), locked=True, task=False
    )


def markdown(source: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(cells: list[dict[str, Any]], **metadata: Any) -> dict[str, Any]:
    """A notebook of these cells."""
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(folder: Path, content: dict[str, Any], name: str = "student-001.ipynb") -> Path:
    """Write a notebook and give its path."""
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def small_release() -> dict[str, Any]:
    """A released notebook with two tasks, ``double`` and ``Layer``, and a given cell."""
    return notebook(
        [
            markdown("# Small"),
            locked("import numpy as np\nFACTOR = 2", "given"),
            task('def double(x):\n    """Twice x."""\n    raise NotImplementedError', "double"),
            locked('grader.check("double")', "check-double"),
            locked("# the points of double\n0.0", "points-double"),
            task("class Layer:\n    def forward(self, x):\n        raise NotImplementedError", "Layer"),
            locked('grader.check("Layer")', "check-Layer"),
        ],
        course={"unit": "small", "version": "v1", "tasks": {"double": ["double"], "Layer": ["Layer"]}},
    )


SOLUTIONS = {
    "double": "def double(x):\n    return FACTOR * x",
    "Layer": "class Layer:\n    def forward(self, x):\n        return double(x) + 1",
}


def solved_small() -> dict[str, Any]:
    """The small notebook with both tasks solved."""
    content = small_release()
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = SOLUTIONS.get(name, cell["source"])
    return content


def place(content: dict[str, Any], grade_id: str) -> int:
    """Where the cell of that name stands."""
    for at, cell in enumerate(content["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            return at
    raise KeyError(grade_id)


def release_of(unit: str) -> Release:
    """The committed release of a unit of this course."""
    return read_release(ROOT / "release" / unit / f"{unit}.ipynb")


def public_checks(unit: str, root: Path = ROOT) -> dict[str, list[Callable[..., None]]]:
    """The public checks of each task, as they are released."""
    found: dict[str, list[Callable[..., None]]] = {}
    otter = ModuleType("otter.test_files")
    with mock.patch.dict(sys.modules, {"otter": ModuleType("otter"), "otter.test_files": otter}):
        for path in sorted((root / "release" / unit / "tests").glob("*.py")):
            cases = found[path.stem] = []
            otter.__dict__["test_case"] = lambda name, keep=cases.append: keep
            exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__name__": path.stem})
    return found


def failing(checks: dict[str, list[Callable[..., None]]], names: dict[str, Any]) -> set[str]:
    """The tasks one of whose public checks fails on these names."""
    return {task for task, several in checks.items() if any(_fails(check, names) for check in several)}


def dear(unit: Unit, names: Iterable[str]) -> set[str]:
    """Of these known mistakes those that cost more than 40 % of their task, as the stored proof says."""
    stored = json.loads(unit.proof.read_text(encoding="utf-8"))["mistakes"]
    return {name for name in names if stored[name]["cost"] > 0.4}


def _fails(check: Callable[..., None], names: dict[str, Any]) -> bool:
    try:
        check(**{argument: names[argument] for argument in inspect.signature(check).parameters})
    except Exception:
        return True
    return False


def solved_notebook(unit: str, root: Path = ROOT) -> dict[str, Any]:
    """The released notebook of a unit with the reference's source in each task cell.

    Imports, constants and private functions of the reference that a task needs stand
    on top of its cell, as a student would write them.
    """
    path = root / "release" / unit / f"{unit}.ipynb"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    reference = (root / "solutions" / f"{unit}.py").read_text(encoding="utf-8")
    for name, names in content["metadata"]["course"]["tasks"].items():
        content["cells"][place(content, name)]["source"] = source_of(reference, tuple(names))
    return content


@cache
def source_of(reference: str, names: tuple[str, ...]) -> str:
    """The source of these names, after that of what they need of the same module."""
    statements = ast.parse(reference).body
    bound = {name: node for node in statements for name in _binds(node)}
    public = {node.name for node in statements if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    public = {name for name in public if not name.startswith("_")}
    needed, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in bound and name not in needed and (name in names or name not in public):
            needed.add(name)
            waiting += [n.id for n in ast.walk(bound[name]) if isinstance(n, ast.Name)]
    kept = [node for node in statements if needed & set(_binds(node))]
    return "\n\n\n".join(_source(reference, node) for node in kept)


def _binds(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _source(text: str, node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    start = decorators[0].lineno if decorators else node.lineno
    return "\n".join(text.split("\n")[start - 1 : node.end_lineno])


def program_of(
    content: dict[str, Any], folder: Path, release: Release, libraries: tuple[str, ...] = ()
) -> Any:
    """Write, read and heal a notebook; gives the submission and its program."""
    submission = read_submission(write(folder, content), release)
    return submission, to_program(submission, release, libraries)
