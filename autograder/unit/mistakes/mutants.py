"""Mutants: the reference with one small change, which a hidden check must notice.

A proof that a unit's checks can see every listed mistake says nothing of the mistakes that
nobody listed; mutants stand for those. The changes come from cosmic-ray's operators and from
``array_operators``, applied to the released definitions of a reference, where behaviour can
change: not in docstrings, type hints and the words of error messages.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.operators.provider import OperatorProvider
from parso.python import tree

from . import array_operators
from .edits import definitions, first_line

# Each arithmetic operator is exchanged for its likely slips. All of cosmic-ray's eleven (shifts and bit
# operations on floats) would raise at once and only make the share of the dead look better.
ARITHMETIC = {
    "Add": ("Sub", "Mul"),
    "Sub": ("Add", "Div"),
    "Mul": ("Div", "Add"),
    "Div": ("Mul", "FloorDiv"),
    "FloorDiv": ("Div", "Mul"),
    "Mod": ("FloorDiv", "Mul"),
    "Pow": ("Mul", "Div"),
}
# For each comparison the ones that differ from it on the boundary, on one side, and everywhere
# (Kaminski, Ammann and Offutt 2013: the others are killed by whatever kills these).
COMPARISONS = {
    "Lt": ("LtE", "NotEq", "GtE"),
    "LtE": ("Lt", "Eq", "Gt"),
    "Gt": ("GtE", "NotEq", "LtE"),
    "GtE": ("Gt", "Eq", "Lt"),
    "Eq": ("NotEq", "LtE", "GtE"),
    "NotEq": ("Eq", "Lt", "Gt"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
OTHERS = (
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


@dataclass(frozen=True)
class Mutant:
    """The reference with one change."""

    id: str  # stable while the definition's changed line stays as it is
    definition: str  # the released name that was changed
    operator: str
    diff: str  # the changed lines, as in a unified diff
    source: str  # the whole module


def mutants_of(path: Path, names: Iterable[str]) -> tuple[Mutant, ...]:
    """All different mutants of the named definitions of a reference module.

    Args:
        path: the reference module.
        names: top-level functions and classes that students write.
    """
    text = path.read_text(encoding="utf-8")
    seen = {_meaning(text)}
    found = []
    for mutant in _candidates(text, set(names)):
        meaning = _meaning(mutant.source)
        if meaning is not None and meaning not in seen:
            seen.add(meaning)
            found.append(mutant)
    return tuple(found)


def operators() -> dict[str, Any]:
    """The operators by name: a choice of cosmic-ray's, and those for arrays."""
    provider = OperatorProvider()
    names = [f"ReplaceBinaryOperator_{old}_{new}" for old, news in ARITHMETIC.items() for new in news]
    names += [f"ReplaceComparisonOperator_{old}_{new}" for old, news in COMPARISONS.items() for new in news]
    chosen = {name: provider[name]() for name in (*names, *OTHERS)}
    return chosen | {each.__name__: each() for each in array_operators.OPERATORS}


def _candidates(text: str, names: set[str]) -> Iterator[Mutant]:
    lines = text.splitlines(keepends=True)
    tops = {name: node for name, node in definitions(ast.parse(text)).items() if name in names}
    for name, node in tops.items():
        first, last = first_line(node) - 1, node.end_lineno or node.lineno
        old = "".join(lines[first:last])
        counts: dict[str, int] = {}
        for operator, new in _mutated(old):
            source = "".join(lines[:first]) + new + "".join(lines[last:])
            diff = _diff(name, old, new)
            key = f"{name}|{operator}|{diff}"
            counts[key] = counts.get(key, 0) + 1
            digest = hashlib.sha256(f"{key}|{counts[key]}".encode()).hexdigest()[:10]
            yield Mutant(digest, name, operator, diff, source)


def _mutated(code: str) -> Iterator[tuple[str, str]]:
    """Each operator's name with each text that it makes of the code."""
    nodes = list(_walk(parso.parse(code)))
    for name, operator in operators().items():
        for number, node in enumerate(nodes):
            if not _counts(node):
                continue
            for index, _ in enumerate(list(operator.mutation_positions(node))):
                yield name, _apply(code, number, operator, index)


def _apply(code: str, number: int, operator: Any, index: int) -> str:
    """The code with one mutation; parsed anew, since operators change the tree that they get."""
    module = parso.parse(code)
    node = next(node for position, node in enumerate(_walk(module)) if position == number)
    siblings = node.parent.children if node.parent is not None else []
    place = siblings.index(node) if siblings else 0
    prefix = node.get_first_leaf().prefix
    new = operator.mutate(node, index)
    if new is None:
        del siblings[place]
    elif new is not node:
        siblings[place] = new
        if isinstance(node, tree.Number):
            new.value, new.prefix = new.value.strip(), prefix
    return str(module.get_code())


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from _walk(child)


def _counts(node: Any) -> bool:
    """Whether a change of this node can change behaviour that a check may speak of."""
    while node.parent is not None:
        parent = node.parent
        if parent.type in ("annassign", "tfpdef", "raise_stmt", "assert_stmt") and not _is_value(
            node, parent
        ):
            return False
        if parent.type in ("funcdef", "async_funcdef") and _is_return_hint(node, parent):
            return False
        if parent.type == "decorator" and node is not parent:
            return False
        node = parent
    return True


def _is_value(node: Any, parent: Any) -> bool:
    """The value of an annotated assignment, which is behaviour; the annotation is not."""
    return parent.type == "annassign" and len(parent.children) == 4 and node is parent.children[3]


def _is_return_hint(node: Any, parent: Any) -> bool:
    return getattr(parent, "annotation", None) is node


def _diff(name: str, old: str, new: str) -> str:
    """The changed lines; both texts agree before and after them."""
    before, after = old.splitlines(), new.splitlines()
    first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    last = next(
        (
            i
            for i, (a, b) in enumerate(zip(before[first:][::-1], after[first:][::-1], strict=False))
            if a != b
        ),
        0,
    )
    removed = [f"-{line}" for line in before[first : len(before) - last]]
    added = [f"+{line}" for line in after[first : len(after) - last]]
    return "\n".join([f"@@ {name} @@", *removed, *added])


def _meaning(text: str) -> str | None:
    """The syntax tree as text, the same for texts that mean the same; None where it is no Python."""
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return None
