"""Public checks -> the test files that Otter runs in the student's notebook.

``assignments/<unit>/checks.py`` is ordinary pytest style: ``def test_conv2d_forward(conv2d_forward)``,
where an argument is a name of the student's notebook. One file ``tests/<task>.py`` is made
for each task, in Otter's exception style, and holds the task's checks with the imports,
constants and functions of ``checks.py`` that they use. Source lines are copied, since Otter
prints the line that failed. The examples of the task's docstrings come first (see ``examples``); a unit
whose examples say enough needs no ``checks.py``.

A check belongs to the task of its mark, where it has one; else to the task in its name
(``test_<task>`` or ``test_<task>_...``).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from ..base.errors import ConfigError
from .criteria import mark_call, tests_of, title_of
from .examples import Examples, Support, guard, support
from .source import parse_file

HEADER = '''\
"""Public checks of {task}. The hidden checks decide the mark; these say early what goes wrong."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{task}"
points = None
'''

DEFINED = '''\
def _defined(**names):
    """Say plainly that a name is missing, before a check trips over it."""
    for name, value in names.items():
        if value is None:
            raise NameError(f"{name} is not defined yet: run the cell that defines it, then this one.")
'''


def export_checks(path: Path, tasks: Mapping[str, Examples]) -> dict[str, str]:
    """The text of each task's Otter test file.

    Args:
        path: the unit's ``checks.py``, where there is one.
        tasks: the tasks that have a cell, with the examples of their docstrings.

    Raises:
        ConfigError: a check belongs to no task, a task has neither check nor example, or a check
            uses something that students do not have.
    """
    tree, lines = _read(path)
    by_task: dict[str, list[ast.FunctionDef]] = {task: [] for task in tasks}
    for function in tests_of(tree):
        by_task[_task_of(function, by_task, path)].append(function)
    for task, functions in by_task.items():
        if not functions and not tasks[task].cases:
            raise ConfigError(
                f"{path}: no public check for {task}; add 'def test_{task}({task})' here, or an example "
                "(>>>) to its docstring"
            )
    return {
        task: _file(task, tasks[task], functions, tree, lines, path) for task, functions in by_task.items()
    }


def _read(path: Path) -> tuple[ast.Module, list[str]]:
    if not path.exists():
        return ast.Module([], []), []
    return parse_file(path), path.read_text(encoding="utf-8").split("\n")


def _task_of(function: ast.FunctionDef, tasks: Mapping[str, object], path: Path) -> str:
    where = f"{path}:{function.lineno}"
    call = mark_call(function)
    if call is not None and call.args and isinstance(call.args[0], ast.Constant):
        name = str(call.args[0].value)
        if name in tasks:
            return name
        raise ConfigError(
            f"{where}: {function.name} is marked for {name!r}, which has no cell in notebook.py"
        )
    rest = function.name.removeprefix("test_")
    fitting = [task for task in tasks if rest == task or rest.startswith(f"{task}_")]
    if not fitting:
        raise ConfigError(
            f"{where}: {function.name} names no task; expected test_<task> or test_<task>_... "
            f"with one of {', '.join(tasks)}"
        )
    return max(fitting, key=len)


def _file(
    task: str,
    examples: Examples,
    functions: list[ast.FunctionDef],
    tree: ast.Module,
    lines: list[str],
    path: Path,
) -> str:
    checks = [_check(function, lines, path) for function in functions]
    used = [_source(node, lines) for node in _support(functions, tree, path)]
    imports = [text for text in used if text.startswith(("import ", "from "))]
    others = [text for text in used if text not in imports]
    tools = support() if examples.cases else Support()
    told = "\n".join(dict.fromkeys([*tools.imports, *imports, *examples.imports]))
    head = HEADER.format(task=task)
    if told:
        head = head.replace("from otter.test_files", f"{told}\nfrom otter.test_files", 1)
    parts = (*others, *examples.cases, *checks, *tools.definitions)
    return "\n\n".join([head, DEFINED, *(f"{text}\n" for text in parts)])


def _check(function: ast.FunctionDef, lines: list[str], path: Path) -> str:
    """One check as an Otter test case: its decorators replaced, its arguments looked at first."""
    where = f"{path}:{function.lineno}"
    title = title_of(function, where)
    body = function.body[1:]
    if not body or body[0].lineno == function.lineno:
        raise ConfigError(f"{where}: {function.name} checks nothing; write its body below its docstring")
    head = _lines(lines, function.lineno, _end(function.body[0]))
    names = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    rest = _lines(lines, _end(function.body[0]) + 1, _end(function))
    name = f'"{title.rstrip(".")}"'  # Otter goes on with the word "result"
    return f"@test_case(name={name!r})\n{head}\n{guard(names)}{rest}"


def _support(functions: list[ast.FunctionDef], tree: ast.Module, path: Path) -> list[ast.stmt]:
    """The module's other statements that these checks use, directly or through one another."""
    definitions = {name: node for node in tree.body for name in _binds(node)}
    needed: list[ast.stmt] = []
    todo: list[ast.AST] = [part for function in functions for part in (*function.body, function.args)]
    while todo:
        for name in _reads(todo.pop()):
            node = definitions.get(name)
            if node is not None and node not in needed and node not in functions:
                needed.append(node)
                todo.append(node)
    for node in needed:
        _check_available(node, path)
    return sorted(needed, key=lambda node: node.lineno)


def _check_available(node: ast.stmt, path: Path) -> None:
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return
    module = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    if module.split(".")[0] in ("pytest", "autograder", "solutions"):
        raise ConfigError(
            f"{path}:{node.lineno}: a public check uses {module}, which students do not have. "
            "NumPy and assert are enough."
        )


def _binds(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return [
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    ]


def _reads(node: ast.AST) -> set[str]:
    return {
        part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


def _source(node: ast.stmt, lines: list[str]) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return _lines(lines, first, _end(node))


def _lines(lines: list[str], first: int, last: int) -> str:
    return "\n".join(lines[first - 1 : last])


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
