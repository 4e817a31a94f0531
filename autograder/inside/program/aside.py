"""One assignment of a submission set aside: it may fail, and what stands beside it is judged without it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Assignment = ast.Assign | ast.AugAssign | ast.AnnAssign


def set_aside(module: ast.Module, line: int) -> None:
    """Put the assignment at a line into a ``try``: if it fails, what it binds keeps its value, or is None.

    Only an assignment has something that may be missing afterwards; any other line stays as it is.

    Args:
        module: a cell, which is changed.
        line: number of the line, from 1.
    """
    _Aside(line).visit(module)


class _Aside(ast.NodeTransformer):
    def __init__(self, line: int) -> None:
        self._line = line

    def _tried(self, node: Assignment) -> ast.stmt:
        if not node.lineno <= self._line <= (node.end_lineno or node.lineno):
            return node
        return _in_try(node)

    visit_Assign = visit_AugAssign = visit_AnnAssign = _tried  # noqa: N815 (what ast calls them)


def _in_try(node: Assignment) -> ast.Try:
    otherwise = [f"{name} = locals().get({name!r})" for name in _bound(node)] or ["pass"]
    text = "\n".join(["try: pass", "except Exception:", *(f"    {each}" for each in otherwise)])
    found = ast.parse(text).body[0]
    assert isinstance(found, ast.Try)
    for part in ast.walk(found):
        ast.copy_location(part, node)
    found.body = [node]
    return found


def _bound(node: Assignment) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for name in (each for target in targets for each in ast.walk(target)):
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
            yield name.id
