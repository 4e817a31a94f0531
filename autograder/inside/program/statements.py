"""One top-level statement: what it binds, needs and changes by itself."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .actions import Actions, read_actions
from .names import (
    FUNCTIONS,
    Scope,
    body_of,
    class_scope,
    imported,
    outer_parts,
    parameters,
    read_scope,
)

# Calls that set the notebook up: kept although they bind nothing. Not set_grad_enabled: it stands around
# an evaluation, and no task needs to find gradients switched off.
SETUP = frozenset(
    "seed manual_seed set_default_dtype set_default_device set_default_tensor_type "
    "use_deterministic_algorithms set_printoptions set_string_function seterr filterwarnings simplefilter "
    "setrecursionlimit set_int_max_str_digits setlocale getcontext basicConfig".split()
)


class Function:
    """What runs when a name is called; read when asked for, since most are never called while loading."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        self.node = node

    @cached_property
    def order(self) -> list[str]:
        """Its parameters."""
        return parameters(self.node.args)

    @cached_property
    def scope(self) -> Scope:
        """What its body does with names, as if the parameters were names of outside."""
        return read_scope(body_of(self.node))

    @cached_property
    def actions(self) -> Actions:
        """What its body does to objects."""
        return read_actions(body_of(self.node))

    @property
    def free(self) -> set[str]:
        """Names that a call needs from outside."""
        return (self.scope.free - set(self.order)) | self.scope.declared


# Methods that run when a class is called, or gets a subclass.
MAKERS = ("__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__")


@dataclass
class Statement:
    """One top-level statement and what it does with names."""

    cell: int  # place among the program's cells
    node: ast.stmt
    binds: set[str] = field(default_factory=set)
    touches: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    replaces: set[str] = field(default_factory=set)  # surely bound anew
    always: bool = False
    given: bool = False  # from a cell of the release that students do not edit
    actions: Actions = field(default_factory=Actions)
    functions: tuple[Function, ...] = ()  # what runs when the name that it defines is called
    origin: str = ""  # file name of the cell in which it stands, where another cell runs it


def top_level(module: ast.Module) -> list[ast.stmt]:
    """The statements of a cell; those below ``if __name__ == "__main__":`` belong to them."""
    found: list[ast.stmt] = []
    for node in module.body:
        if isinstance(node, ast.If) and _asks_for_main(node.test):
            found += top_level(ast.Module(body=node.body, type_ignores=[]))
        else:
            found.append(node)
    return found


def _asks_for_main(test: ast.expr) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def read_statement(cell: int, node: ast.stmt) -> Statement:
    """What one top-level statement binds, needs and changes, other functions' effects apart."""
    statement = Statement(cell, node)
    if isinstance(node, FUNCTIONS):
        statement.functions = (Function(node),)
        statement.later = statement.functions[0].free
        _read_definition(statement, node)
    elif isinstance(node, ast.ClassDef):
        body, statement.later = class_scope(node)
        statement.now |= body
        statement.functions = tuple(
            Function(part) for part in node.body if isinstance(part, FUNCTIONS) and part.name in MAKERS
        )
        _read_definition(statement, node)
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        statement.binds = set(imported(node))
        statement.always = True  # and replaces nothing: a second import gives the same module
    else:
        _read_other(statement, node)
    return statement


def _read_definition(
    statement: Statement, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
) -> None:
    """Inside the body nothing happens yet: only the head counts."""
    statement.binds = {node.name}
    statement.replaces = {node.name}
    head = read_scope(outer_parts(node))
    statement.now |= head.free
    statement.later |= head.inner
    statement.actions = read_actions(head_and_body(node))


def head_and_body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    """What runs when a definition is executed: the bodies of functions and methods do not."""
    decorated = isinstance(node, FUNCTIONS) and bool(node.decorator_list)
    arguments = _first_of(node.args) if decorated else _NO_ARGUMENTS  # type: ignore[union-attr]
    shell = ast.FunctionDef(name=node.name, args=arguments, body=[], decorator_list=node.decorator_list)
    parts: list[ast.AST] = [shell, *outer_parts(node)[len(node.decorator_list) :]]
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            parts += head_and_body(part) if isinstance(part, (*FUNCTIONS, ast.ClassDef)) else [part]
    return parts


def _first_of(arguments: ast.arguments) -> ast.arguments:
    """The first parameter, whose annotation a decorator may look at."""
    first = [*arguments.posonlyargs, *arguments.args][:1]
    return ast.arguments(posonlyargs=[], args=first, kwonlyargs=[], kw_defaults=[], defaults=[])


_NO_ARGUMENTS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def _read_other(statement: Statement, node: ast.stmt) -> None:
    scope = read_scope([node])
    statement.actions = read_actions([node])
    statement.binds = scope.bound | scope.declared
    statement.now = _outside([node], set())
    if isinstance(node, ast.Delete):
        statement.now |= scope.bound  # which must be there to be deleted
    statement.later = set(scope.inner)
    statement.always = _is_setup(node)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        statement.functions = (Function(node.value),)
    if isinstance(node, (ast.Assign, ast.Delete)) or (isinstance(node, ast.AnnAssign) and node.value):
        statement.replaces = set(scope.bound)


def _outside(block: Sequence[ast.stmt], bound: set[str]) -> set[str]:
    """What a block needs from outside while it runs; adds to ``bound`` what it binds.

    Loop variables and the like are bound before they are used, so a loop over ``i``
    does not need the ``i`` of another loop.
    """
    needs: set[str] = set()
    for node in block:
        before, targets, blocks = _parts(node)
        scope = read_scope(before)
        needs |= (scope.used | scope.inner) - bound
        bound |= targets
        for inner in blocks:
            needs |= _outside(inner, bound)
    return needs


def _parts(node: ast.stmt) -> tuple[list[ast.AST], set[str], list[list[ast.stmt]]]:
    """A statement as: what it uses first, what it then binds, the blocks that follow."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [node.iter], read_scope([node.target]).bound, [node.body, node.orelse]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
        return [item.context_expr for item in node.items], read_scope(targets).bound, [node.body]
    if isinstance(node, (ast.If, ast.While)):
        return [node.test], set(), [node.body, node.orelse]
    if isinstance(node, ast.Try):
        return (
            [],
            set(),
            [node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody],
        )
    if isinstance(node, ast.Assign):
        return [node.value, *node.targets], read_scope(node.targets).bound, []
    scope = read_scope([node])
    return [node], scope.bound, []


def _is_setup(node: ast.stmt) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    function = node.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in SETUP
