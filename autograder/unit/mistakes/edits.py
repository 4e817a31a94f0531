"""Definitions of a reference, changed as text.

Glossary
    definition   a function, a class, or a method, by its qualified name
    edit         a definition with other text in its place

A mistake and a mutant are the whole reference with a few definitions exchanged, so
they stay in step with it: an edit whose text no longer occurs is an error, not a
silent no-op.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import linecache
import re
import sys
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ...base.errors import ConfigError

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
DefinitionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Edit:
    """A definition of the module at ``path``, with ``source`` in its place (indented as there)."""

    path: Path
    name: str  # qualified: "Adam" or "Adam.step"
    source: str

    @property
    def top(self) -> str:
        """The name at the top level of the module: ``Adam`` of ``Adam.step``."""
        return self.name.split(".")[0]


def edit(definition: Any, *changes: Any) -> Edit:
    """The definition with other text in some places.

    ``edit(definition, old, new)`` for one place, ``edit(definition, (old, new), (old, new), ...)`` for
    several, which are changed one after the other.

    Args:
        definition: a function, class or method of the reference, or another edit, which is edited further.
        changes: pairs of text that occurs exactly once in the definition's source, docstring included and
            earlier changes made, and of what replaces it.

    Raises:
        ConfigError: an ``old`` does not occur exactly once, or the changes are no pairs of texts.
    """
    where = _caller()
    changed = definition if isinstance(definition, Edit) else _unchanged(definition, where)
    for old, new in _pairs(changes, f"{where}: edit of {changed.name}"):
        changed = _replaced(changed, old, new, where)
    return changed


def _pairs(changes: tuple[Any, ...], where: str) -> list[tuple[str, str]]:
    pairs = [changes] if len(changes) == 2 and isinstance(changes[0], str) else list(changes)
    if not pairs or not all(_is_pair(pair) for pair in pairs):
        raise ConfigError(
            f"{where}: expected edit(definition, old, new) or edit(definition, (old, new), (old, new), ...), "
            "each of them a text."
        )
    return pairs


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair)


def _replaced(base: Edit, old: str, new: str, where: str) -> Edit:
    count = base.source.count(old)
    if count != 1:
        raise ConfigError(f"{where}: edit of {base.name}: {old!r} occurs {count} times, expected once.")
    if old == new:
        raise ConfigError(f"{where}: edit of {base.name}: {old!r} is replaced by itself.")
    return Edit(base.path, base.name, base.source.replace(old, new))


def instead(definition: Any, replacement: Any) -> Edit:
    """Another function or class in the place of the definition, under its name.

    Args:
        definition: a function, class or method of the reference.
        replacement: a function or class of the calling file. It may use what the reference module
            defines or imports, and nothing else, since it will stand in that module.

    Raises:
        ConfigError: the replacement's source cannot be found, or it uses an unknown name.
    """
    where = _caller()
    base, other = _unchanged(definition, where), _unchanged(replacement, where)
    source = _renamed(textwrap.dedent(other.source), _last(other.name), _last(base.name))
    unknown = sorted(_free_names(source) - _names_bound(_text(base.path)))
    if unknown:
        raise ConfigError(
            f"{where}: {other.name} uses {', '.join(unknown)}, which {short(base.path)} does not define. "
            "It takes the place of a definition there; import the name in the reference or write it inside."
        )
    indent = base.source[: len(base.source) - len(base.source.lstrip())]
    return Edit(base.path, base.name, textwrap.indent(source, indent))


def spliced(edits: tuple[Edit, ...]) -> str:
    """The text of the whole module with all edits in place.

    Raises:
        ConfigError: the edits are of several modules or overlap, or the text does not compile.
    """
    path = edits[0].path
    if any(other.path != path for other in edits):
        raise ConfigError(f"edits of several modules in one place: {', '.join(short(e.path) for e in edits)}")
    lines = _text(path).splitlines(keepends=True)
    taken = len(lines) + 1
    for each in sorted(edits, key=lambda each: -_span(path, each.name)[0]):
        first, last = _span(path, each.name)
        if last >= taken:
            raise ConfigError(
                f"{short(path)}: two edits overlap at {each.name}; "
                "make one of them: edit(definition, (old, new), (old, new))."
            )
        lines[first - 1 : last] = [each.source if each.source.endswith("\n") else each.source + "\n"]
        taken = first
    text = "".join(lines)
    _compiles(text, edits)
    return text


def module_namespace(source: str, name: str) -> dict[str, Any]:
    """Execute the text of a trusted module in this process; its names.

    Only for our own code (references, mistakes, mutants), never for a student's.
    """
    module = ModuleType(f"{name}_{hashlib.sha256(source.encode()).hexdigest()[:12]}")
    sys.modules[module.__name__] = module  # dataclasses look their module up while they are made
    place = f"cell of {name}"  # "cell ..." marks the student's own frames, here as in submissions
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    try:
        exec(compile(source, place, "exec"), module.__dict__)
    finally:
        del sys.modules[module.__name__]
    return module.__dict__


def definitions(tree: ast.AST, prefix: str = "") -> dict[str, DefinitionNode]:
    """All functions, classes and methods below ``tree`` by qualified name; the last one of a name counts."""
    found: dict[str, DefinitionNode] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _DEFINITIONS):
            found[prefix + node.name] = node
            if isinstance(node, ast.ClassDef):
                found |= definitions(node, f"{prefix}{node.name}.")
    return found


def short(path: Path) -> str:
    """The last parts of a path, as a course's author knows them: ``assignments/conv_layer/mistakes.py``."""
    parts = path.parts
    for folder in ("assignments", "solutions"):
        if folder in parts[:-1]:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(folder) :])
    return path.name


def first_line(node: DefinitionNode) -> int:
    """The line where a definition begins, its decorators included."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _unchanged(definition: Any, where: str) -> Edit:
    module = sys.modules.get(getattr(definition, "__module__", None) or "")
    name = getattr(definition, "__qualname__", None)
    if module is None or name is None or not getattr(module, "__file__", None):
        raise ConfigError(
            f"{where}: {definition!r} is no function, class or method of a module, so it cannot be edited."
        )
    path = Path(str(module.__file__))
    if name not in _definitions(_text(path)):
        raise ConfigError(f"{where}: {short(path)} has no definition {name!r} whose text could be edited.")
    return Edit(path, name, text_of(path, name))


def text_of(path: Path, name: str) -> str:
    """The text of a definition of the module at ``path``, with its decorators."""
    first, last = _span(path, name)
    return "".join(_text(path).splitlines(keepends=True)[first - 1 : last])


def _span(path: Path, name: str) -> tuple[int, int]:
    node = _definitions(_text(path))[name]
    assert node.end_lineno is not None
    return first_line(node), node.end_lineno


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def _definitions(text: str) -> dict[str, DefinitionNode]:
    return definitions(ast.parse(text))


def _last(name: str) -> str:
    return name.split(".")[-1]


def _renamed(source: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![\w.]){re.escape(old)}\b", new, source)


def _free_names(source: str) -> set[str]:
    """Names that are read but bound nowhere in the source."""
    used: set[str] = set()
    bound = set(dir(builtins))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, _DEFINITIONS):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return used - bound


@lru_cache(maxsize=8)
def _names_bound(text: str) -> frozenset[str]:
    """The names that a module binds; asked once for each variant of a unit."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return frozenset(names)


def _compiles(text: str, edits: tuple[Edit, ...]) -> None:
    try:
        compile(text, str(edits[0].path), "exec")
    except SyntaxError as error:
        names = ", ".join(each.name for each in edits)
        raise ConfigError(f"{short(edits[0].path)}: with the edit of {names}: {error}") from error


def _caller() -> str:
    """The file that called into this module, as a course's author knows it."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    return short(Path(frame.f_code.co_filename))
