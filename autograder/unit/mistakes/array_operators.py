"""Mutation operators for array code, beside cosmic-ray's.

cosmic-ray changes numbers, operators, comparisons, keywords and loops. What goes wrong in
NumPy and torch code is often elsewhere: ``+=`` written as ``=``, an axis forgotten, a
transpose left out, the mean where the sum belongs, a line that was never written. The
operators have cosmic-ray's interface (``mutation_positions`` and ``mutate`` on parso nodes).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import parso
from parso.python import tree

Position = tuple[tuple[int, int], tuple[int, int]]

AUGMENTED = {
    "+=": ("=", "-="),
    "-=": ("=", "+="),
    "*=": ("=", "/="),
    "/=": ("=", "*="),
    "|=": ("=",),
    "@=": ("=",),
}
TWINS = (
    ("sum", "mean"),
    ("max", "min"),
    ("maximum", "minimum"),
    ("argmax", "argmin"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("var", "std"),
    ("floor", "ceil"),
    ("exp", "expm1"),
    ("log", "log1p"),
    ("sin", "cos"),
    ("randn", "rand"),
    ("normal", "uniform"),
    ("randn_like", "rand_like"),
    ("sqrt", "abs"),
    ("abs", "square"),
)
TURNS = ("T", "mT", "transpose", "permute", "swapaxes", "flip", "detach", "copy", "clone")
DROPPED_ARGUMENTS = ("axis", "dim", "keepdims", "keepdim", "ddof", "correction", "out", "reduction")


class AugmentedAssignment:
    """``a += b`` becomes ``a = b`` and ``a -= b``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each replacement."""
        for _ in AUGMENTED.get(_operator(node), ()):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Exchange the operator."""
        node.value = AUGMENTED[_operator(node)][index]
        return node


class MatrixProduct:
    """``a @ b`` becomes ``a * b``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each ``@`` that is no decorator."""
        if _operator(node) == "@" and node.parent.type == "term":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Exchange the operator."""
        node.value = "*"
        return node


class TwinFunction:
    """``sum`` becomes ``mean``, ``maximum`` becomes ``minimum``, and back."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each attribute of that name that is called."""
        if isinstance(node, tree.Name) and _is_called_attribute(node):
            for _ in _twins(node.value):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Exchange the name."""
        node.value = _twins(node.value)[index]
        return node


class DropTurn:
    """``w.T``, ``x.transpose(...)``, ``x.copy()`` become ``w``, ``x``, ``x``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each such attribute, with its call."""
        if _is_trailer(node, ".") and node.children[1].value in TURNS:
            before = node.parent.children[node.parent.children.index(node) - 1]
            if not (isinstance(before, tree.Name) and before.value in ("np", "torch")):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Remove the attribute; its call goes with it."""
        siblings = node.parent.children
        position = siblings.index(node)
        if node.children[1].value not in ("T", "mT") and len(siblings) > position + 1:
            _blank(siblings[position + 1])
        _blank(node)
        return node


class DropArgument:
    """``x.sum(axis=1, keepdims=True)`` loses one of its keywords."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each keyword that decides about axes."""
        if (
            node.type == "argument"
            and node.children[0].type == "name"
            and node.children[1].type == "operator"
        ) and node.children[0].value in DROPPED_ARGUMENTS:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Remove the argument and the comma before or after it."""
        siblings = node.parent.children
        position = siblings.index(node)
        for near in (position - 1, position + 1):
            if 0 <= near < len(siblings) and _operator(siblings[near]) == ",":
                _blank(siblings[near])
                break
        _blank(node)
        return node


class DropAxis:
    """``axis=(0, 2, 3)`` loses one axis."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each number in a tuple of axes."""
        for number in _axes(node):
            yield number.start_pos, number.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Remove the number and the comma after it, keeping a tuple."""
        numbers = _axes(node)
        kept = [number.value for number in numbers if number is not numbers[index]]
        return parso.parse("(" + ", ".join(kept) + ("," if len(kept) == 1 else "") + ")").children[0]


class DropStatement:
    """A statement that changes something, or is only called, becomes ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """One position for each call, augmented assignment and assignment to an element or attribute."""
        if node.parent is not None and node.parent.type == "simple_stmt" and _has_effect(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Replace the statement."""
        return tree.Keyword("pass", node.start_pos, node.get_first_leaf().prefix)


OPERATORS = (
    AugmentedAssignment,
    MatrixProduct,
    TwinFunction,
    DropTurn,
    DropArgument,
    DropAxis,
    DropStatement,
)


def _operator(node: Any) -> str:
    return node.value if isinstance(node, tree.Operator) else ""


def _twins(name: str) -> list[str]:
    there = [right for left, right in TWINS if left == name]
    back = [left for left, right in TWINS if right == name]
    return there + back


def _is_trailer(node: Any, sign: str) -> bool:
    return bool(node.type == "trailer" and node.children[0].value == sign)


def _is_called_attribute(node: Any) -> bool:
    if not _is_trailer(node.parent, "."):
        return False
    siblings = node.parent.parent.children
    after = siblings.index(node.parent) + 1
    return after < len(siblings) and _is_trailer(siblings[after], "(")


def _axes(node: Any) -> list[Any]:
    """The numbers of a tuple that is given as ``axis`` or ``dim``."""
    argument = node.parent
    if node.type != "atom" or argument is None or argument.type != "argument":
        return []
    if argument.children[0].type != "name" or argument.children[0].value not in (
        "axis",
        "axes",
        "dim",
        "dims",
    ):
        return []
    inside = node.children[1]
    items = inside.children[::2] if inside.type == "testlist_comp" else []
    return list(items) if all(isinstance(item, tree.Number) for item in items) else []


def _has_effect(node: Any) -> bool:
    if node.type == "expr_stmt":
        target, sign = node.children[0], node.children[1]
        augmented = sign.type == "operator" and sign.value in AUGMENTED
        return augmented or (target.type in ("atom_expr", "power") and sign.type == "operator")
    return bool(node.type in ("atom_expr", "power") and _is_trailer(node.children[-1], "("))


def _blank(node: Any) -> None:
    """Remove the text of a node and keep the tree's shape."""
    leaf, last = node.get_first_leaf(), node.get_last_leaf()
    while True:
        leaf.value, leaf.prefix = "", ""
        if leaf is last:
            return
        leaf = leaf.get_next_leaf()
