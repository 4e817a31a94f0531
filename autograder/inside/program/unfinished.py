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
        return any(isinstance(part, FUNCTIONS) and is_stub(part) for part in node.body)
    return isinstance(node, FUNCTIONS) and bool(body := _written(node)) and all(map(_refuses, body))


def _is_empty(node: ast.stmt, names: Collection[str]) -> bool:
    return isinstance(node, FUNCTIONS) and node.name in names and not _written(node)


def _written(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """What a body holds beside texts, ``pass`` and ``...``."""
    return [
        part
        for part in node.body
        if not isinstance(part, ast.Pass)
        and not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
    ]


def _refuses(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    kind = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(kind, ast.Name) and kind.id == "NotImplementedError"
