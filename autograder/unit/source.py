"""The Python files of a unit, read without running them: their text, and what is where in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import ConfigError
from ..inside.program.names import read_scope


def parse_file(path: Path) -> ast.Module:
    """The syntax tree of one of a unit's files.

    Raises:
        ConfigError: the file is missing, or is no Python.
    """
    try:
        return ast.parse(read_source(path), filename=str(path))
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        line = getattr(error, "lineno", None) or 1
        raise ConfigError(f"{path}:{line}: not valid Python: {error}") from error


def read_source(path: Path) -> str:
    """The text of one of a unit's files.

    Raises:
        ConfigError: the file is missing, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing. 'course new UNIT' shows what a unit needs.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error}. Save it as UTF-8.") from error


def first_line(node: ast.stmt) -> int:
    """The line where a statement begins, the decorators of a definition included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    """The line where a statement ends."""
    return node.end_lineno or node.lineno


def names_bound(*nodes: ast.AST) -> set[str]:
    """The names that statements bind where they stand; what functions in them bind is their own.

    >>> sorted(names_bound(*ast.parse("import a.b as c, d.e\\nfor f, g[h] in i: j = [k for k in f]").body))
    ['c', 'd', 'f', 'j']
    """
    return read_scope(nodes).bound


def names_free(*nodes: ast.AST) -> set[str]:
    """The names that statements and functions in them use and that must come from elsewhere."""
    return read_scope(nodes).free


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each module that is imported, at any depth; relative ones begin with dots.

    >>> list(imports(ast.parse("import os.path, re\\nfrom .a import b\\nfrom . import c")))
    [(1, 'os.path'), (1, 're'), (2, '.a'), (3, '.')]
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
