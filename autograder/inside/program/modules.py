"""Imports what the notebook has written, from memory, with the lines of its cells.

A module that a notebook writes comes before one of the same name that was not imported yet, as the working
folder does in Jupyter; never before a library or a released file. Its text is read as a cell is:
what it imports and is not there while grading becomes a placeholder. Errors in it are told with the
student's own line. The file is written as well, where the folder can be written to.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.abc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .files import OwnFile
from .imports import STAND_IN, Imports
from .writing import normal


class WrittenModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The files of one notebook, of which some can be imported."""

    def __init__(self, libraries: Iterable[str], names: Iterable[str], stand_in: Callable[..., Any]) -> None:
        self._files: dict[str, OwnFile] = {}
        self._libraries = frozenset(libraries)
        self._names = frozenset(names)  # of modules that the notebook writes at any time
        self._stand_in = stand_in

    def install(self) -> None:
        """Let imports find them, and forget those of a notebook that this process had before."""
        sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, WrittenModules)]
        for name, module in list(sys.modules.items()):
            if isinstance(getattr(module, "__loader__", None), WrittenModules):
                del sys.modules[name]
        sys.meta_path.insert(0, self)

    def write(self, filename: str, path: str, text: str, append: bool, line: int) -> int:
        """What a cell magic does; a folder that cannot be written to keeps no module from its use."""
        path = normal(path)
        before = self._files.get(path) if append else None
        self._files[path] = before.longer(text) if before else OwnFile(path, text, filename, line)
        with contextlib.suppress(OSError, ValueError):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "a" if append else "w", encoding="utf-8") as file:
                file.write(text)
        return len(text)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to import a module that was written; None for all others."""
        if fullname.partition(".")[0] in self._libraries or fullname.partition(".")[0] not in self._names:
            return None
        inner = fullname.replace(".", "/")
        package = any(each.startswith(f"{inner}/") for each in self._files)
        if package or self._find(fullname) is not None:
            return ModuleSpec(fullname, self, is_package=package)
        return None

    def _find(self, fullname: str) -> OwnFile | None:
        """Its file: where its name says, or in a folder that was put on Python's path."""
        inner = fullname.replace(".", "/")
        folders = ["", *(normal(os.path.relpath(folder or ".")) for folder in sys.path)]
        for folder in dict.fromkeys(folders):
            for path in (f"{inner}/__init__.py", f"{inner}.py"):
                written = self._files.get(normal(f"{folder}/{path}" if folder else path))
                if written is not None:
                    return written
        return self._on_disk(f"{inner}.py")

    def _on_disk(self, path: str) -> OwnFile | None:
        try:
            with open(path, encoding="utf-8") as file:
                return OwnFile(path, file.read(), path)
        except (OSError, ValueError):
            return None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Python's own way."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's text."""
        written = self._find(module.__name__)
        if written is None:  # a folder
            return
        tree = ast.parse(written.padded, written.filename)
        Imports(self._libraries | self._names).rewrite(tree.body)
        module.__dict__[STAND_IN] = self._stand_in
        exec(compile(tree, written.filename, "exec", dont_inherit=True), module.__dict__)
