"""Which names a piece of code uses from outside, binds, and changes.

Glossary
    free      a name that is used in a scope and bound in none of the scopes around it
    binds     gives the name another object (assignment, ``def``, ``import``, ``for``)
    touches   changes the object behind the name (``t[k] = v``, ``t.append(v)``, ``setattr(t, ...)``)
    now       needed when the statement runs
    later     needed when a function that it defines is called
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from types import ModuleType
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Scope:
    """What one function, class or comprehension does with names."""

    bound: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)  # by ``global``
    inner: set[str] = field(default_factory=set)  # free in functions that are defined here
    walrus: set[str] = field(default_factory=set)  # of these bound, by ``:=``

    @property
    def free(self) -> set[str]:
        """Names that must come from outside, now or later."""
        return ((self.used | self.inner) - self.bound) | self.declared


def body_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[Any]:
    """What runs when a function is called."""
    return node.body if isinstance(node.body, list) else [node.body]


def function_free(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """Free names of a function's body (defaults and decorators are not part of it)."""
    scope = read_scope(body_of(node))
    scope.bound.update(parameters(node.args))
    return scope.free


def class_scope(node: ast.ClassDef) -> tuple[set[str], set[str]]:
    """Free names of a class: (of its body, of its methods). Methods do not see the class's own names."""
    scope = read_scope(node.body)
    return (scope.used - scope.bound) | scope.declared, scope.inner


def parameters(arguments: ast.arguments) -> list[str]:
    """Names of all parameters, those that can be given by position first."""
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return [argument.arg for argument in (*listed, *extra)]


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes below a node that can hold a name; several times as fast as ``ast.iter_child_nodes``."""
    found: list[ast.AST] = []
    for value in _PARTS[type(node)](node):
        if type(value) is list:
            found += [each for each in value if isinstance(each, _AST)]
        elif isinstance(value, _AST):
            found.append(value)
    return found


# For each kind of node its parts, operators and contexts left out: no name is in them.
_BARREN = frozenset({"ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "level", "module"})
_AST, _NAME, _CONSTANT, _LOAD = ast.AST, ast.Name, ast.Constant, ast.Load  # looked up once
LEAVES = frozenset({_NAME, _CONSTANT})


def _parts_of(kind: type[ast.AST]) -> Callable[[Any], tuple[Any, ...]]:
    names = [part for part in kind._fields if part not in _BARREN]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda node: (getattr(node, names[0]),)) if names else (lambda node: ())


_PARTS = {
    kind: _parts_of(kind)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def read_scope(nodes: Iterable[ast.AST]) -> Scope:
    """Read one scope; the scopes inside it only hand out their free names."""
    scope = Scope()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is _NAME:
            (scope.used if type(node.ctx) is _LOAD else scope.bound).add(node.id)  # type: ignore[attr-defined]
        elif kind is not _CONSTANT:
            reader = _SCOPE_READERS.get(kind)
            stack += reader(node, scope) if reader else children(node)
    return scope


def _scope_of_function(node: Any, scope: Scope) -> list[ast.AST]:
    scope.inner |= function_free(node)
    if not isinstance(node, ast.Lambda):
        scope.bound.add(node.name)
    return outer_parts(node)


def _scope_of_class(node: ast.ClassDef, scope: Scope) -> list[ast.AST]:
    body, methods = class_scope(node)
    scope.used |= body
    scope.inner |= methods
    scope.bound.add(node.name)
    return outer_parts(node)


def _scope_of_comprehension(node: Any, scope: Scope) -> list[ast.AST]:
    inner, walrus = comprehension_free(node)
    scope.used |= inner
    scope.bound |= walrus
    scope.walrus |= walrus
    return [node.generators[0].iter]


def _scope_of_import(node: Any, scope: Scope) -> list[ast.AST]:
    scope.bound.update(imported(node))
    return []


def _scope_of_global(node: ast.Global, scope: Scope) -> list[ast.AST]:
    scope.declared.update(node.names)
    return []


def _scope_of_augmented(node: ast.AugAssign, scope: Scope) -> list[ast.AST]:
    if isinstance(node.target, ast.Name):
        scope.used.add(node.target.id)
    return [node.target, node.value]


def _scope_of_walrus(node: ast.NamedExpr, scope: Scope) -> list[ast.AST]:
    scope.walrus.add(node.target.id)
    return [node.target, node.value]


def _scope_of_capture(node: Any, scope: Scope) -> list[ast.AST]:
    """``except E as name``, ``case Point() as name``, ``case [*name]``, ``case {**rest}``."""
    name = node.rest if isinstance(node, ast.MatchMapping) else node.name
    if name:
        scope.bound.add(name)
    return children(node)


_SCOPE_READERS: dict[type[ast.AST], Callable[[Any, Scope], list[ast.AST]]] = {
    **dict.fromkeys((*FUNCTIONS, ast.Lambda), _scope_of_function),
    **dict.fromkeys(COMPREHENSIONS, _scope_of_comprehension),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _scope_of_import),
    **dict.fromkeys((ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping), _scope_of_capture),
    ast.ClassDef: _scope_of_class,
    ast.Global: _scope_of_global,
    ast.AugAssign: _scope_of_augmented,
    ast.NamedExpr: _scope_of_walrus,
}


def outer_parts(node: ast.AST) -> list[ast.AST]:
    """What of a definition runs when the definition is executed, its body apart."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    assert isinstance(node, (*FUNCTIONS, ast.Lambda))
    arguments = node.args
    parts: list[ast.AST | None] = [*arguments.defaults, *arguments.kw_defaults]
    if not isinstance(node, ast.Lambda):
        annotated = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        parts += [*node.decorator_list, node.returns, *(each.annotation for each in annotated if each)]
    return [part for part in parts if part is not None]


def comprehension_free(node: ast.AST) -> tuple[set[str], set[str]]:
    """Free names of a comprehension, its first iterable apart; and what ``:=`` in it binds outside."""
    assert isinstance(node, COMPREHENSIONS)
    parts: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    for at, generator in enumerate(node.generators):
        parts += [generator.target, *generator.ifs] + ([generator.iter] if at else [])
    scope = read_scope(parts)
    return scope.free, scope.walrus


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Names that an import binds; a star those of a module that is loaded, and else none that are known."""
    if isinstance(node, ast.Import):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if node.names[0].name == "*":
        return [] if node.level else _public_names(sys.modules.get(node.module or ""))
    return [alias.asname or alias.name for alias in node.names]


def _public_names(module: ModuleType | None) -> list[str]:
    listed = getattr(module, "__all__", None)
    return (
        list(listed) if listed is not None else [name for name in dir(module) if name[:1] != "_" and module]
    )
