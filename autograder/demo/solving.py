"""Fills a released notebook the way a student would who wrote a given module."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from typing import Any

from ..unit.source import first_line, last_line

Notebook = dict[str, Any]


def solved(release: Notebook, module: str, tasks: Iterable[str] | None = None) -> Notebook:
    """The released notebook with task cells filled from a module's text.

    Args:
        release: the released notebook, which stays as it is.
        module: text of a reference, mistake or variant.
        tasks: which tasks are done; all where left out, the others stay stubs.
    """
    notebook = copy.deepcopy(release)
    names: dict[str, list[str]] = notebook["metadata"]["course"]["tasks"]
    chosen = set(names if tasks is None else tasks)
    definitions, rest = _parts(module)
    shown = {name for group in names.values() for name in group}
    for cell in notebook["cells"]:
        task = grade_id(cell)
        if task in chosen and task in names:
            cell["source"] = "\n\n\n".join(definitions[name] for name in names[task])
    helpers = [text for name, text in definitions.items() if name not in shown]
    notebook["cells"].insert(_first_task(notebook), code_cell("\n\n\n".join([*rest, *helpers])))
    return notebook


def code_cell(source: str) -> dict[str, Any]:
    """A cell that the student added."""
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}


def grade_id(cell: dict[str, Any]) -> str:
    """nbgrader's name of a cell, or an empty text."""
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))


def task_cells(notebook: Notebook) -> list[dict[str, Any]]:
    """The cells that students are asked to fill, in order."""
    names = notebook["metadata"]["course"]["tasks"]
    return [cell for cell in notebook["cells"] if grade_id(cell) in names]


def _first_task(notebook: Notebook) -> int:
    names = notebook["metadata"]["course"]["tasks"]
    return next(index for index, cell in enumerate(notebook["cells"]) if grade_id(cell) in names)


def _parts(module: str) -> tuple[dict[str, str], list[str]]:
    """Definitions by name, and the other statements but the module's docstring."""
    lines = module.splitlines()
    definitions: dict[str, str] = {}
    rest: list[str] = []
    for node in ast.parse(module).body:
        text = "\n".join(lines[first_line(node) - 1 : last_line(node)])
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            definitions[node.name] = text
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            rest.append(text)
    return definitions, [text for text in rest if not text.startswith("from __future__")]
