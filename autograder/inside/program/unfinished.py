"""Definitions that are not written yet, and that a finished one elsewhere replaces.

A student who leaves the stub where it is and writes the solution in another cell, above or below, means
the solution. So such a stub is not there at all: neither in a slice nor in a run of everything.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Sequence

from .names import FUNCTIONS
from .statements import Statement


def replaced_stubs(statements: Sequence[Statement], names: Collection[str]) -> set[int]:
    """Places of definitions that are not written yet, where another cell has the name for good.

    Args:
        statements: of the notebook.
        names: that tasks define: of these an empty body is a stub, too.
    """
    stubs: dict[str, list[int]] = defaultdict(list)
    for place, statement in enumerate(statements):
        node = statement.node
        if not statement.given and (is_stub(node) or _is_empty(node, names)):
            stubs[node.name].append(place)  # type: ignore[attr-defined]
    replaced = {name for name in stubs if _is_written(name, statements, stubs[name])}
    return {place for name in replaced for place in stubs[name]}


def _is_written(name: str, statements: Sequence[Statement], stubs: list[int]) -> bool:
    """Whether a statement of the student's gives the name a meaning of its own."""
    return any(
        name in statement.replaces
        and name not in statement.now
        and not statement.given
        and not isinstance(statement.node, ast.Delete)
        and place not in stubs
        for place, statement in enumerate(statements)
    )


def is_stub(node: ast.stmt) -> bool:
    """True for a function that only raises ``NotImplementedError``, and for a class with such a method."""
    if isinstance(node, ast.ClassDef):
        return any(map(is_stub, node.body))
    return isinstance(node, FUNCTIONS) and only_raises(node)


def only_raises(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True where a function does nothing but raise NotImplementedError."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _is_empty(node: ast.stmt, names: Collection[str]) -> bool:
    """A function of a task without a body: texts, ``pass`` and ``...`` are none."""
    return isinstance(node, FUNCTIONS) and node.name in names and all(map(_says_nothing, node.body))


def _says_nothing(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass)
