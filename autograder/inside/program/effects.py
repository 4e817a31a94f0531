"""What calling the notebook's own functions changes, and which names share an object.

A table may be filled by a function, a method, a decorator, a base class that
registers its subclasses, or through another name for it. ``Changes`` reads all
definitions once and then says for each statement what it changes in these ways.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .actions import CallSite
from .imports import STAND_IN
from .names import FUNCTIONS
from .statements import Function, Statement

BUILTINS = frozenset(dir(builtins))
MAX_DEPTH = 40  # functions that call functions that change something: looked through this far


@dataclass
class Effects:
    """What calling a function of the notebook changes."""

    names: set[str] = field(default_factory=set)  # global names
    parameters: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)  # of the parameters


class Changes:
    """The definitions of a notebook, and what they do to names when they are used."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.definitions: dict[str, list[Statement]] = defaultdict(list)
        self.aliases: dict[str, set[str]] = defaultdict(set)
        self.modules: set[str] = set()
        self._effects: dict[str, Effects] = {}
        self._depth = 0
        for statement in statements:
            self._register(statement)
        self.plain = {n for s in statements if not defines(s.node) for n in s.binds}  # not only functions

    def _register(self, statement: Statement) -> None:
        node = statement.node
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            self.definitions[node.name].append(statement)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for name in statement.binds:
                self.definitions[name].append(statement)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) or STAND_IN in statement.now:
            self.modules |= set() if is_starred(node) else statement.binds
        for name, source in statement.actions.aliases:
            if name != source:
                self.aliases[name].add(source)

    def add_to(self, statement: Statement) -> None:
        """Add what the statement changes through methods, functions and other names."""
        actions = statement.actions
        touched = actions.touched | (actions.methods - self.modules)
        touched |= {name for name in actions.handed if self._can_change(name) and name in self.plain}
        touched |= {name for name in actions.annotated if self._is_class(name)}
        if isinstance(statement.node, ast.ClassDef):
            touched |= self._registering_bases(statement.node)
        for call in actions.calls:
            names, arguments = self._changed_by(call)
            statement.binds |= names
            touched |= arguments
        touched |= {source for name, source in actions.loops if name in touched and self._can_change(source)}
        statement.touches = self._same_objects(touched)

    def _can_change(self, name: str) -> bool:
        """True for names of objects and classes, where a function or a module is as it is."""
        return (name in self.plain and name not in self.modules) or self._is_class(name)

    def _is_class(self, name: str) -> bool:
        return any(isinstance(found.node, ast.ClassDef) for found in self.definitions.get(name, ()))

    def _same_objects(self, names: set[str]) -> set[str]:
        found, waiting = set(names), list(names)
        while waiting:
            for source in self.aliases.get(waiting.pop(), ()):
                if source not in found and self._can_change(source):
                    found.add(source)
                    waiting.append(source)
        return found

    def _registering_bases(self, node: ast.ClassDef) -> set[str]:
        """Bases that get to know of their subclasses, by ``__init_subclass__`` or a metaclass."""
        found: set[str] = set()
        waiting = [base.id for base in node.bases if isinstance(base, ast.Name)]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for found_base in self.definitions.get(name, ()):
                base = found_base.node
                if isinstance(base, ast.ClassDef):
                    hooks = {part.name for part in base.body if isinstance(part, FUNCTIONS)}
                    if "__init_subclass__" in hooks or base.keywords:
                        found.add(name)
                        found |= self._called(found_base).names
                    waiting += [each.id for each in base.bases if isinstance(each, ast.Name)]
        return found

    def _changed_by(self, call: CallSite) -> tuple[set[str], set[str]]:
        """Global names that a call changes, and names of its arguments that it changes."""
        effects = self.effects(call.name)
        given = dict(zip(effects.order, call.args, strict=False)) | call.keywords
        return effects.names, {name for key, name in given.items() if name and key in effects.parameters}

    def effects(self, name: str) -> Effects:
        """What calling the name changes; nothing where the notebook does not define it."""
        if name not in self._effects and self._depth < MAX_DEPTH:
            self._depth += 1
            self._effects[name] = Effects()  # a recursive call finds this
            for statement in self.definitions.get(name, ()):
                found = self._called(statement)
                known = self._effects[name]
                order = found.order or known.order
                self._effects[name] = Effects(
                    known.names | found.names, known.parameters | found.parameters, order
                )
            self._depth -= 1
        return self._effects.get(name) or Effects()

    def _called(self, statement: Statement) -> Effects:
        every = Effects()
        for function in statement.functions:
            found = self._function_effects(function)
            every.names |= found.names
            every.parameters |= found.parameters
            every.order = every.order or found.order
        if isinstance(statement.node, ast.ClassDef):
            every.order = every.order[1:]  # self is not given
        return every

    def _function_effects(self, function: Function) -> Effects:
        actions, scope = function.actions, function.scope
        given = set(function.order)
        touched = actions.touched | ((actions.methods | actions.handed) & (self.plain | given))
        for name, source in actions.aliases + actions.loops:
            if name in touched:
                touched.add(source)
        names = set(scope.declared)
        for call in actions.calls:
            called, arguments = self._changed_by(call)
            names |= called
            touched |= arguments
        free = scope.free - given
        # A loop over zip(axes, ...) changes axes at most, not zip.
        names |= (touched & free) - self.modules - (BUILTINS - self.plain - set(self.definitions))
        return Effects(names, touched & given, list(function.order))


def is_starred(node: ast.stmt) -> bool:
    """True for ``from module import *``."""
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def defines(node: ast.stmt) -> bool:
    """True for functions, classes and imports, which bind what they say and nothing else."""
    return isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom))
