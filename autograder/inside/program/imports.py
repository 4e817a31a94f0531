"""Imports of modules that are not there while grading.

A plain import becomes an assignment of a placeholder. An import whose failure the
student caught (``try: import torch`` with ``except ImportError``) raises, so that
the fallback is taken. Which modules are there is decided by the unit, not by what
happens to be installed: the same notebook means the same on every machine.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable
from functools import cache

from .placeholders import NEEDS, library_of

STAND_IN = "__stand_in__"  # the name that the rewritten imports call
CATCHES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class Imports:
    """What student code may import, and what it tried to import besides."""

    def __init__(self, libraries: Iterable[str]) -> None:
        self.libraries = frozenset(libraries)  # trusted to be there: helper files arrive after compiling
        self.missing: set[str] = set()
        self.starred = ""  # the last missing module of a star import: unknown names may come from it
        self._found: dict[str, bool] = {}

    def available(self, module: str) -> bool:
        """True where ``import module`` is meant to work."""
        return not self._gap(module)

    def _gap(self, module: str) -> str:
        """The library that is missing for ``import module``; nothing where none is."""
        libraries = (module.partition(".")[0], library_of(module))
        return next((library for library in libraries if not self._is_there(library)), "")

    def _is_there(self, top: str) -> bool:
        if top not in self._found:
            self._found[top] = top in self.libraries or (top in _PLAIN and _exists(top))
        return self._found[top]

    def rewrite(self, body: list[ast.stmt], guarded: bool = False) -> None:
        """Replace the imports of missing modules in a block, in place and at any depth."""
        for at in range(len(body) - 1, -1, -1):
            node = body[at]
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                body[at : at + 1] = self._rewritten(node, guarded)
            else:
                self._descend(node, guarded)

    def _descend(self, node: ast.stmt, guarded: bool) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            guarded = False
        inside = guarded or _catches(node)
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                self.rewrite(block, inside if name == "body" else guarded)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            self.rewrite(part.body, guarded)

    def _rewritten(self, node: ast.Import | ast.ImportFrom, guarded: bool) -> list[ast.stmt]:
        modules = _imported_modules(node)
        relative = isinstance(node, ast.ImportFrom) and node.level > 0
        gone = [module for module in modules if not relative and not self.available(module)]
        if not gone:
            return [node]
        self.missing.update(map(self._gap, gone))
        if guarded:
            return [_located(f"raise ModuleNotFoundError({_says(gone[0])!r}, name={gone[0]!r})", node)]
        if isinstance(node, ast.ImportFrom):
            return self._from(node)
        return [part for alias in node.names for part in self._plain(alias, node)]

    def _plain(self, alias: ast.alias, node: ast.stmt) -> list[ast.stmt]:
        if self.available(alias.name):
            return [ast.copy_location(ast.Import(names=[alias]), node)]
        top = alias.name.partition(".")[0]
        if alias.asname or not self.available(top):
            module = alias.name if alias.asname else top
            return [_located(f"{alias.asname or module} = {STAND_IN}({module!r}, '')", node)]
        # import torch.utils.tensorboard: torch is there, this part of it is not
        part = next(part for part in NEEDS if f"{alias.name}.".startswith(f"{part}."))
        lines = f"import {part.rpartition('.')[0]}", f"{part} = {STAND_IN}({part!r}, '')"
        return [_located(line, node) for line in lines]

    def _from(self, node: ast.ImportFrom) -> list[ast.stmt]:
        module = node.module or ""
        if node.names[0].name == "*":
            self.starred = library_of(module)
            return [ast.copy_location(ast.Pass(), node)]
        return [self._from_one(module, alias, node) for alias in node.names]

    def _from_one(self, module: str, alias: ast.alias, node: ast.stmt) -> ast.stmt:
        if self.available(f"{module}.{alias.name}"):
            return ast.copy_location(ast.ImportFrom(module=module, names=[alias], level=0), node)
        return _located(f"{alias.asname or alias.name} = {STAND_IN}({module!r}, {alias.name!r})", node)


def _imported_modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """What an import needs to be there; of ``from torch.utils import tensorboard`` the part, too."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module or ''}.{alias.name}" for alias in node.names]


_PLAIN = sys.stdlib_module_names | {"numpy"}


@cache
def _exists(top: str) -> bool:
    try:
        return top in sys.modules or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _catches(node: ast.stmt) -> bool:
    """True where a failing import inside the statement is caught by it."""
    if isinstance(node, ast.Try):
        return any(handler.type is None or _names(handler.type) & CATCHES for handler in node.handlers)
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        return any(
            "suppress" in _names(call.func) and any(_names(arg) & CATCHES for arg in call.args)
            for call in calls
        )
    return False


def _names(node: ast.expr) -> set[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in parts}


def _says(module: str) -> str:
    return f"No module named {module!r} while grading"


def _located(source: str, node: ast.stmt) -> ast.stmt:
    """A statement written here that stands where the student's import stood."""
    made = ast.parse(source).body[0]
    for part in ast.walk(made):
        ast.copy_location(part, node)
    return made
