"""What a piece of code does to the objects behind its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .names import FUNCTIONS, LEAVES, children

# Methods that read. A training loop that samples or reads a table does not change it.
READS = frozenset(
    "get items keys values copy sum mean std var max min argmax argmin all any index count format join "
    "split strip startswith endswith lower upper replace astype item tolist reshape ravel flatten "
    "transpose dot round clip numpy detach clone cpu size dim numel parameters state_dict "
    "named_parameters normal standard_normal random uniform integers randint randn rand permutation "
    "choice binomial encode decode read union".split()
)


def root(node: ast.AST | None) -> str | None:
    """``a`` of ``a``, ``a.b[c].d`` and ``*a``; None for anything else."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


@dataclass
class CallSite:
    """A call of a plain name, with the names at the root of its arguments."""

    name: str
    args: list[str | None]
    keywords: dict[str, str | None]


@dataclass
class Actions:
    """What a piece of code, functions defined in it included, changes."""

    touched: set[str] = field(default_factory=set)  # stored into: ``a.b = 1``, ``a[0] = 1``, ``a += 1``
    methods: set[str] = field(default_factory=set)  # roots of method calls that may change something
    handed: set[str] = field(default_factory=set)  # arguments of calls whose value nobody uses
    calls: list[CallSite] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)  # (new name, name of the same object)
    loops: list[tuple[str, str]] = field(default_factory=list)  # the same, for what a loop goes through
    annotated: set[str] = field(default_factory=set)  # of the first parameter of what is decorated


def read_actions(nodes: Iterable[ast.AST]) -> Actions:
    """Read everything that happens in these nodes, at any depth."""
    actions = Actions()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind in LEAVES:
            continue
        stack += children(node)
        reader = _READERS.get(kind)
        if reader:
            reader(node, actions)
    return actions


def _read_stored(node: ast.Attribute | ast.Subscript, actions: Actions) -> None:
    name = None if isinstance(node.ctx, ast.Load) else root(node)
    if name:
        actions.touched.add(name)


def _read_augmented(node: ast.AugAssign, actions: Actions) -> None:
    if isinstance(node.target, ast.Name):
        actions.touched.add(node.target.id)


def _read_call(node: ast.Call, actions: Actions) -> None:
    function = node.func
    if isinstance(function, ast.Name):
        _read_plain_call(function.id, node, actions)
    elif isinstance(function, ast.Attribute) and function.attr not in READS:
        name = root(function)
        if name:
            actions.methods.add(name)
        elif isinstance(function.value, ast.Call):  # table(T).append(1)
            actions.touched.update(filter(None, map(root, function.value.args)))


def _read_plain_call(name: str, node: ast.Call, actions: Actions) -> None:
    args = [root(arg) for arg in node.args]
    actions.calls.append(CallSite(name, args, {k.arg: root(k.value) for k in node.keywords if k.arg}))
    if name in ("setattr", "delattr") and args and args[0]:
        actions.touched.add(args[0])


def _read_expression(node: ast.Expr, actions: Actions) -> None:
    """A call whose value nobody uses is made for what it does to its arguments."""
    if isinstance(node.value, ast.Call) and not _harmless(node.value.func):
        given = [*node.value.args, *(keyword.value for keyword in node.value.keywords)]
        actions.handed.update(filter(None, map(root, given)))


def _harmless(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr.startswith(("assert", "save", "plot", "show", "print", "imshow"))
    return isinstance(function, ast.Name) and function.id in HARMLESS


HARMLESS = frozenset(
    "print display help len repr str type isinstance list sum any all sorted min max input".split()
)


def _read_definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, actions: Actions) -> None:
    """Decorators are calls made for what they do; ``@patch`` does it to the class of the first parameter."""
    if node.decorator_list and isinstance(node, FUNCTIONS):
        actions.annotated.update(_first_annotated(node))
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Name):
            actions.calls.append(CallSite(decorator.id, [node.name], {}))
        else:
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = root(function)
            if name:
                actions.methods.add(name)
        if isinstance(decorator, ast.Call):
            actions.touched.update(filter(None, map(root, decorator.args)))


def _first_annotated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """``Layer`` of ``def forward(self: Layer, x)``, also where it is one of several or a text."""
    first = [*node.args.posonlyargs, *node.args.args][:1]
    for part in ast.walk(first[0].annotation) if first and first[0].annotation is not None else ():
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from re.findall(r"[^\W\d]\w*", part.value)


def _read_assigned(node: ast.Assign, actions: Actions) -> None:
    for target in node.targets:
        _alias(target, node.value, actions)


def _read_loop(node: ast.For | ast.comprehension, actions: Actions) -> None:
    sources = [n.id for n in ast.walk(node.iter) if isinstance(n, ast.Name)]
    for target in ast.walk(node.target):
        if isinstance(target, ast.Name):
            actions.loops += [(target.id, source) for source in sources]


def _alias(target: ast.expr, value: ast.expr, actions: Actions) -> None:
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        for each, part in zip(target.elts, value.elts, strict=False):
            _alias(each, part, actions)
    elif isinstance(target, ast.Name):
        source = root(value)
        if source:
            actions.aliases.append((target.id, source))


_READERS: dict[type[ast.AST], Callable[[Any, Actions], None]] = {
    ast.Attribute: _read_stored,
    ast.Subscript: _read_stored,
    ast.AugAssign: _read_augmented,
    ast.Call: _read_call,
    ast.Expr: _read_expression,
    ast.FunctionDef: _read_definition,
    ast.AsyncFunctionDef: _read_definition,
    ast.ClassDef: _read_definition,
    ast.Assign: _read_assigned,
    ast.For: _read_loop,
    ast.comprehension: _read_loop,
}
