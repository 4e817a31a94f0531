"""A notebook run from top to bottom, with the public checks where they stand: what a student sees.

Nothing of the engine is in here, so that it can say whether the engine is right.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tests.support import ROOT


def failing_checks(content: dict[str, Any], unit: str) -> set[str]:
    """The tasks whose public checks fail in Run All; demonstrations, which plot, only define functions."""
    checks = _public_checks(unit)
    tasks = content["metadata"]["course"]["tasks"]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("import numpy as np", namespace)
    failing: set[str] = set()
    for number, cell in enumerate(content["cells"], 1):
        grade_id = str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
        if grade_id.startswith("check-"):
            task = grade_id.removeprefix("check-")
            passed = all(_passes(check, namespace) for check in _checks_of(task, tasks, checks))
            failing |= set() if passed else {task}
        elif cell["cell_type"] == "code" and not grade_id.startswith(("setup", "points-")):
            _run("".join(cell["source"]), f"cell {number}", namespace, shown=grade_id.startswith("code-"))
    return failing


def _public_checks(unit: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("checks", ROOT / "assignments" / unit / "checks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _checks_of(task: str, tasks: dict[str, Any], checks: ModuleType) -> list[Callable[..., None]]:
    named = {name: value for name, value in vars(checks).items() if name.startswith("test_")}
    longest = {name: max((t for t in tasks if name[5:].startswith(t)), key=len, default="") for name in named}
    return [value for name, value in named.items() if longest[name] == task]


def _passes(check: Callable[..., None], namespace: dict[str, Any]) -> bool:
    try:
        check(*(namespace[name] for name in inspect.signature(check).parameters))
    except Exception:
        return False
    return True


def _run(source: str, name: str, namespace: dict[str, Any], shown: bool) -> None:
    """One cell; Run All would stop at an error, so a case must not have one."""
    tree = ast.parse(source)
    if shown:
        tree.body = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    exec(compile(tree, name, "exec"), namespace)
