"""What reading a notebook tells, without running anything of it.

stub       a definition that still only raises ``NotImplementedError``, as it was released
ignored    what is in the student's own cells and takes no part in grading: notebook
           commands, modules that are not there, statements that no task needs
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.python import HERE, is_newer, numbers
from ..base.text import capped
from ..inside.program import magics
from ..inside.program.loading import Compiled, compile_program
from ..inside.program.placeholders import SILENT
from ..notebook import Cell, Release, Submission, names_left, to_program
from ..unit.source import imports

MOST_LINES = 12  # of one kind that are listed
MOST_TEXT = 70  # characters of a line


@dataclass(frozen=True)
class Findings:
    """Everything that reading tells, as plain facts."""

    stubs: dict[str, tuple[str, ...]]  # task -> definitions that are still as released
    syntax_errors: tuple[dict[str, Any], ...]  # as ``compile_program`` reports them
    ignored: tuple[str, ...]  # one sentence each


def find(submission: Submission, release: Release) -> Findings:
    """Read a healed notebook."""
    own = [cell for cell in submission.cells if cell.kind == "code" and not cell.locked]
    compiled = compile_program(to_program(submission, release, release.modules))
    ignored = (
        *_magics(own, compiled.modules),
        *_modules(own, set(compiled.report["missing_modules"])),
        *_unneeded(compiled, own),
    )
    errors = (*compiled.report["syntax_errors"], *(_too_new(own, release.python) if release.python else ()))
    return Findings(names_left(submission, release), errors, ignored)


def _too_new(cells: Iterable[Cell], grading: str) -> Iterator[dict[str, Any]]:
    """What is no Python where an older one grades, as far as this one knows it."""
    for cell in cells if is_newer(HERE, grading) else ():
        for node in _statements(cell.source):
            try:
                ast.parse(ast.unparse(node), feature_version=numbers(grading))
            except SyntaxError as error:
                yield {
                    "cell": cell.index + 1,
                    "task": cell.task,
                    "line": node.lineno,
                    "message": f"{error.msg}; grading runs Python {grading}",
                    "text": cell.source.split("\n")[node.lineno - 1].strip(),
                    "needed": [],
                    "older": True,
                }


def _statements(source: str) -> list[ast.stmt]:
    try:
        module = magics.parse(source)
    except SyntaxError:
        return []
    return module.body if module else []


def _magics(cells: Iterable[Cell], modules: Collection[str]) -> list[str]:
    """Notebook commands; what runs a module that the notebook writes is Python."""
    found = []
    for cell in cells:
        lines = cell.source.split("\n")
        if _is_elsewhere(cell.source):
            found.append(f"cell {cell.index + 1}: all of it, `{_short(cell.source.strip())}` is not Python")
            continue
        found += [
            f"{_at(cell.index + 1, number)} `{_short(lines[number - 1])}` is a notebook command, not Python"
            for number in magics.magic_lines(cell.source)
            if Path(magics.run_by(lines[number - 1])).stem not in modules
        ]
    return capped(found, MOST_LINES, "notebook commands")


def _is_elsewhere(source: str) -> bool:
    try:
        return magics.parse(source) is None
    except SyntaxError:
        return False


def _modules(cells: Iterable[Cell], missing: set[str]) -> list[str]:
    found = []
    for cell in cells:
        for number, module in _imports(cell.source):
            if module in missing:
                costs = "what it shows is left out, at no cost"
                if module not in SILENT:
                    costs = "only code that does without it earns points"
                found.append(f"{_at(cell.index + 1, number)} {module} is not there while grading; {costs}")
    return capped(found, MOST_LINES, "imports")


def _imports(source: str) -> Iterator[tuple[int, str]]:
    try:
        module = magics.parse(source)
    except SyntaxError:
        return
    for line, name in imports(module) if module else ():
        if not name.startswith("."):
            yield line, name.partition(".")[0]


def _unneeded(compiled: Compiled, cells: Iterable[Cell]) -> list[str]:
    told = {
        cell.index + 1: {*magics.magic_lines(cell.source), *(line for line, _ in _imports(cell.source))}
        for cell in cells
    }
    again = {name for step in compiled.steps if step.needed for name in step.binds}
    places: dict[int, list[tuple[int, str]]] = {}
    for step in compiled.steps:
        replaced = step.binds and step.binds <= again  # defined once more in another cell
        if not step.needed and not replaced and step.source.number in told:
            number = min((line for _, _, line in step.code.co_lines() if line), default=1)
            text = step.source.line(number)
            if number not in told[step.source.number]:
                places.setdefault(step.source.number, []).append((number, text))
    found = []
    for cell, lines in places.items():
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        found.append(f"{_at(cell, lines[0][0])} `{_short(lines[0][1])}`{more}: no task needs it")
    return capped(found, MOST_LINES, "cells")


def _at(cell: int, line: int) -> str:
    return f"cell {cell}, line {line}:"


def _short(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= MOST_TEXT else line[: MOST_TEXT - 1] + "…"
