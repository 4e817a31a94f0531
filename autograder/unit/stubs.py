"""Reference definition -> stub: what a student receives in place of a solution.

A stub keeps what a caller sees (decorators, signature with its type hints, docstring)
and replaces the body by ``raise NotImplementedError``. Source lines are copied, not
regenerated, so that the layout of the docstring, which is the assignment text, is the
author's.

Of a class, the docstring, annotated fields and each public method become a stub; names
that begin with one underscore are the author's private help and are not shown. A method
whose ``def`` line ends in the comment ``# given`` keeps its body.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..base.errors import ConfigError
from .source import first_line, last_line, names_bound

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Reference:
    """A reference solution as text: its lines and its definitions at the top level."""

    path: str
    source: str
    tree: ast.Module

    @classmethod
    def parse(cls, source: str, path: str = "solution") -> Reference:
        """Parse the text of a reference.

        Raises:
            ConfigError: it is no Python.
        """
        try:
            return cls(path, source, ast.parse(source))
        except SyntaxError as error:
            raise ConfigError(f"{path}:{error.lineno}: not valid Python: {error.msg}") from error

    def definition(self, name: str) -> Definition:
        """The function or class of that name.

        Raises:
            ConfigError: there is none.
        """
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
                return node
        raise ConfigError(
            f"{self.path}: no function or class {name!r} at the top level, but the notebook asks for it"
        )

    def statement(self, name: str) -> ast.stmt:
        """The function, class or assignment that binds ``name``; for what is given away whole."""
        for node in self.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and name in names_bound(node):
                return node
        return self.definition(name)

    def lines(self, first: int, last: int) -> str:
        """The source from line ``first`` to ``last``, both counted from 1 and included."""
        return "\n".join(self.source.split("\n")[first - 1 : last])

    @property
    def top_level(self) -> frozenset[str]:
        """Every name that the module binds at its top level, imports included."""
        return frozenset(names_bound(*self.tree.body))


def stub(reference: Reference, name: str) -> str:
    """The stub of one function or class.

    Raises:
        ConfigError: the name is not defined, or it or a public method lacks a docstring.
    """
    node = reference.definition(name)
    if isinstance(node, ast.FunctionDef):
        return _function(reference, node, name)
    return _class(reference, node)


def given(reference: Reference, name: str) -> str:
    """The whole source of a definition or constant that the course gives away."""
    node = reference.statement(name)
    return reference.lines(first_line(node), last_line(node))


def names_needed(source: str) -> frozenset[str]:
    """The names that a released piece of code reads, in signatures, decorators and bodies."""
    return frozenset(
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The methods of a class that a caller sees: public ones and those like ``__call__``."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and (not item.name.startswith("_") or _is_dunder(item.name)):
            yield item


def is_given(reference: Reference, node: ast.FunctionDef) -> bool:
    """True where the ``def`` of a method ends in the comment ``# given``."""
    head = reference.lines(node.lineno, node.body[0].lineno - 1)
    return re.search(r":\s*# given\b[^\n]*\Z", head) is not None


def _function(reference: Reference, node: ast.FunctionDef, shown: str) -> str:
    if is_given(reference, node):
        return reference.lines(first_line(node), last_line(node))
    head = _head(reference, node, shown, needs_docstring=not _is_dunder(node.name))
    indent = " " * (node.col_offset + 4)
    return f'{head}\n{indent}raise NotImplementedError("{shown} is not written yet")'


def _class(reference: Reference, node: ast.ClassDef) -> str:
    parts = [_head(reference, node, node.name)]
    fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
    if fields:
        parts.append("\n".join(reference.lines(item.lineno, last_line(item)) for item in fields))
    parts.extend(_function(reference, method, f"{node.name}.{method.name}") for method in methods(node))
    if len(parts) == 1:
        parts.append('    raise NotImplementedError("' + node.name + ' is not written yet")')
    return "\n\n".join(parts)


def _head(reference: Reference, node: Definition, shown: str, *, needs_docstring: bool = True) -> str:
    """Decorators, signature and docstring, line by line as the author laid them out."""
    if node.body[0].lineno == node.lineno:
        raise ConfigError(f"{reference.path}:{node.lineno}: put the body of {shown} on lines of its own")
    if ast.get_docstring(node):
        last = last_line(node.body[0])
    elif needs_docstring:
        raise ConfigError(
            f"{reference.path}:{node.lineno}: {shown} has no docstring, which is its text in the release"
        )
    else:
        last = first_line(node.body[0]) - 1
        while not reference.lines(last, last).split("#")[0].rstrip().endswith(":"):
            last -= 1  # a comment above the first statement belongs to the solution
    return reference.lines(first_line(node), last)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
