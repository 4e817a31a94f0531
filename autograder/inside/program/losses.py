"""What a notebook lacks once it is loaded, and why: for whoever reads that a name is not there.

A cell that is no Python binds nothing, but its text tells what it was meant to bind. A statement that failed
leaves names unbound. A method that a decorator of a missing module should have put into its class is
in no class.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from .imports import STAND_IN
from .names import FUNCTIONS
from .placeholders import library_of
from .statements import Statement

MOST_NAMES = 200  # of one cell or statement that are told
LONGEST_NAME = 80  # characters

_NAME = r"[^\W\d]\w*"
_DEFINES = re.compile(rf"(?:async\s+def|def|class)\s+({_NAME})")
_ASSIGNS = re.compile(rf"({_NAME}(?:\s*,\s*{_NAME})*)\s*(?::[^=]*)?=(?!=)")
_IMPORTS = re.compile(r"(?:from\s+\S+\s+)?import\s+(.*)")


def names_bound(text: str) -> list[str]:
    """The names that a text without a syntax tree was meant to bind, by the beginnings of its lines."""
    lines = text.expandtabs().split("\n")
    margin = min((_indent(line) for line in lines if line.strip()), default=0)
    own = [line[margin:] for line in lines if line.strip() and _indent(line) == margin]
    return told(name for line in own for name in _of_line(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _of_line(line: str) -> Iterator[str]:
    if found := _DEFINES.match(line):
        yield found[1]
    elif found := _IMPORTS.match(line):
        for part in found[1].strip("() ").split(","):
            yield part.split(" as ")[-1].strip().partition(".")[0]
    elif found := _ASSIGNS.match(line):
        yield from (name.strip() for name in found[1].split(","))


def told(names: Iterable[str]) -> list[str]:
    """Names as they travel to the judge: each once, and not too many."""
    short = (name for name in dict.fromkeys(names) if len(name) <= LONGEST_NAME)
    return [name for name in short if name.isidentifier() and not keyword.iskeyword(name)][:MOST_NAMES]


def used_and_unbound(
    statements: Sequence[Statement], kept: Collection[int], names: Iterable[str]
) -> set[str]:
    """The names that the statements in ``kept`` use, and ``names``, as far as no statement binds them."""
    used = set(names).union(*(statements[place].now | statements[place].later for place in kept))
    return used.difference(*(each.binds for each in statements))


def left_in_no_class(statements: Iterable[Statement]) -> Iterator[tuple[int, str, str]]:
    """Functions below a decorator that is made of a missing module: place, name and module.

    ``@d2l.add_to_class(Net)``, say: who looks for the function in ``Net`` will not find it.
    """
    missing: dict[str, str] = {}  # name -> the library that it stands for
    for place, statement in enumerate(statements):
        node = statement.node
        missing |= _stood_in(node)
        if isinstance(node, FUNCTIONS):
            module = next((missing[name] for name in _roots(node.decorator_list) if name in missing), "")
            if module:
                yield place, node.name, module


def _stood_in(node: ast.stmt) -> Mapping[str, str]:
    """What a rewritten import binds: ``d2l = __stand_in__('d2l', 'torch')``."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
        return {}
    called, target = node.value.func, node.targets[0]
    if not (isinstance(called, ast.Name) and called.id == STAND_IN and isinstance(target, ast.Name)):
        return {}
    module = node.value.args[0]
    return {target.id: library_of(str(module.value))} if isinstance(module, ast.Constant) else {}


def _roots(decorators: Iterable[ast.expr]) -> Iterator[str]:
    """The names that decorators begin with: ``d2l`` of ``@d2l.add_to_class(Net)``."""
    for node in decorators:
        while isinstance(node, (ast.Attribute, ast.Call)):
            node = node.value if isinstance(node, ast.Attribute) else node.func
        if isinstance(node, ast.Name):
            yield node.id
