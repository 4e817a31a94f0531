"""Where a name that is there comes to mean something else.

A scratch cell that binds ``max``, a loop over a helper's name, a second helper of the same name with other
parameters, ``del``, a star import, a patched method: from there on, the name is not what it was at
the checks above. What only repeats a definition or an import changes nothing, and neither does what
completes a class: a method that is attached where none was written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .effects import BUILTINS, defines
from .imports import STAND_IN
from .names import FUNCTIONS
from .slicing import Slice
from .statements import Statement
from .unfinished import is_stub

# Set-up calls that change what code gives. Seeds do not: every check begins with its own.
SETTINGS = frozenset(
    "set_default_dtype set_default_device set_default_tensor_type seterr filterwarnings simplefilter".split()
)


class Rebinding:
    """The places of a notebook at which names change their meaning."""

    def __init__(self, slice_: Slice) -> None:
        self._slice = slice_
        self._statements = slice_.statements
        self._touched = {name for statement in self._statements for name in statement.touches}
        self._found: dict[str, list[int]] = {}
        self.settings = list(self._changed_settings())

    def of(self, name: str) -> list[int]:
        """Places at which the name, which was there before, changes its meaning."""
        if name not in self._found:
            self._found[name] = list(self._changes(name))
        return self._found[name]

    def last_bound(self, name: str, end: int) -> int | None:
        """The place that gave the name its object before ``end``; None for a builtin."""
        places = self._slice.events.get(name, [])
        bound = [p for p in places if p < end and name in self._statements[p].binds and self._counts(p, name)]
        return bound[-1] if bound else None

    def _changes(self, name: str) -> Iterator[int]:
        there = name in BUILTINS
        bound: int | None = None  # the place of the definition that the name has
        attached: set[str] = set()  # to it, further below
        for place in self._slice.events.get(name, ()):
            statement = self._statements[place]
            if not self._counts(place, name):
                continue
            if name in statement.binds:
                if there and self._meaning(place, name) != self._meaning(bound, name):
                    yield place
                there, bound, attached = True, place, set()
            elif there:
                added = attributes_set(statement.node, name)
                node = None if bound is None else self._statements[bound].node
                if not added or added & (attached | _attributes_of(node)):
                    yield place
                attached |= added

    def _counts(self, place: int, name: str) -> bool:
        """Whether the student did it, or a definition of the release; demonstrations show things."""
        given = self._statements[place].given
        foreign = place in self._slice.foreign.get(name, ())
        return not foreign and not (given and name not in self._slice.direct[place])

    def _meaning(self, place: int | None, name: str) -> Any:
        """Equal for two statements that bind a name to the same; at no place it is the builtin."""
        if place is None:
            return name
        statement = self._statements[place]
        node = statement.node
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return _imported_thing(node, name)
        if not defines(node) and STAND_IN not in statement.now and self._may_have_changed(place, name):
            return place
        return ast.dump(node)

    def _may_have_changed(self, place: int, name: str) -> bool:
        return name in self._touched or name not in self._slice.direct[place]

    def _changed_settings(self) -> Iterator[int]:
        """Places of set-up calls of the student's that set something another way than before."""
        before: dict[str, str] = {}
        for place, statement in enumerate(self._statements):
            called = _setting(statement)
            if called:
                text = ast.dump(statement.node)
                if before.get(called) != text and not statement.given:
                    yield place
                before[called] = text


def _setting(statement: Statement) -> str:
    node = statement.node
    if not (statement.always and isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return ""
    function = node.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name if name in SETTINGS else ""


def _imported_thing(node: ast.Import | ast.ImportFrom, name: str) -> str:
    """``torch.nn`` for ``import torch.nn as nn`` and for ``from torch import nn``."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            if (alias.asname or alias.name.partition(".")[0]) == name:
                return alias.name if alias.asname else name
        elif alias.name == "*" or (alias.asname or alias.name) == name:
            thing = name if alias.name == "*" else alias.name
            return f"{'.' * node.level}{node.module or ''}.{thing}"
    return name


def attributes_set(node: ast.stmt, name: str) -> set[str]:
    """Attributes of ``name`` that a statement sets, by their names; empty where that is not all it does."""
    if isinstance(node, ast.Assign):
        found = [_attribute(target, name) for target in node.targets]
        return {each for each in found if each} if all(found) else set()
    if (
        isinstance(node, FUNCTIONS) and node.decorator_list
    ):  # @add_to(Layer), or @patch for its first parameter
        return {node.name}
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "setattr":
        whose, attribute = (*call.args, None, None)[:2]
        known = isinstance(whose, ast.Name) and whose.id == name and isinstance(attribute, ast.Constant)
        return {str(attribute.value)} if known else set()  # type: ignore[union-attr]
    return set()


def _attribute(target: ast.expr, name: str) -> str:
    owner = target.value if isinstance(target, ast.Attribute) else None
    return target.attr if isinstance(owner, ast.Name) and owner.id == name else ""  # type: ignore[attr-defined]


def _attributes_of(node: ast.stmt | None) -> set[str]:
    """What a class has for good: its methods that are written, and its values."""
    found: set[str] = set()
    for part in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
            found |= set() if is_stub(part) else {part.name}
        else:
            stored = (each for each in ast.walk(part) if isinstance(each, ast.Name))
            found |= {each.id for each in stored if isinstance(each.ctx, ast.Store)}
    return found
