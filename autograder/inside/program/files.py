"""Files that a notebook writes itself, and above all its modules.

``%%writefile pads.py`` and then ``from pads import pad_it``, or ``%run pads.py``; ``open(...).write(...)``.
What writes a file becomes a statement that binds its path, as if that were a name, and what imports,
runs or opens it needs that name. So a slice keeps both. Here is what reading a notebook tells of this;
what happens then is in ``modules``.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .magics import RUN, NoPython, parse, parse_python
from .names import FUNCTIONS, read_scope
from .statements import Statement, top_level
from .writing import literal, normal, opened_by, written_by

_LONGEST_PATH = 200  # characters of a text that may be one
_HINTS = ("writefile", "%%file", "open(", "write_text")


@dataclass(frozen=True)
class OwnFile:
    """A file of a notebook, as far as reading tells."""

    path: str
    text: str | None = None  # None: it is made up while the notebook runs
    filename: str = ""  # of the cell in which the text stands
    line: int = 1  # of it, where the text begins

    @property
    def padded(self) -> str:
        """The text with the line numbers of its cell."""
        return "\n" * (self.line - 1) + (self.text or "")

    def longer(self, text: str) -> OwnFile:
        """With a text appended."""
        return replace(self, text=(self.text or "") + text)


Files = Mapping[str, OwnFile]


def written_in(text: str, filename: str, before: Files) -> dict[str, OwnFile]:
    """The files that a cell writes, after the cells ``before``."""
    found: dict[str, OwnFile] = {}
    if not any(hint in text for hint in _HINTS):
        return found
    try:
        module = parse(text)
    except SyntaxError:
        return found
    for node in module.body if module else ():
        call = written_by(node)
        if call is not None:
            old = (found.get(call.path) or before.get(call.path)) if call.append else None
            found[call.path] = old.longer(call.text) if old else OwnFile(*call.file, filename, call.line)
        else:
            found |= {path: OwnFile(path) for path in opened_by(node)}
    return found


def modules_of(files: Iterable[str]) -> set[str]:
    """The names under which Python may import them: ``pads`` and, in a folder, ``src``."""
    paths = [path for path in files if path.endswith(".py")]
    return {path.partition("/")[0].removesuffix(".py") for path in paths} | {_stem(path) for path in paths}


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".py")


def wrong_in(written: OwnFile) -> NoPython | None:
    """Why a file is no module; nothing where it can be parsed."""
    if not written.path.endswith(".py"):
        return NoPython("its name does not end in .py")
    try:
        parse_python(written.padded)
    except NoPython as error:
        return error
    return None


def wrong_module(body: Iterable[ast.stmt], files: Files) -> NoPython | None:
    """The first thing that is wrong with a module that these statements write."""
    calls = [call for node in body if (call := written_by(node)) is not None and call.path.endswith(".py")]
    return next(filter(None, (wrong_in(files[call.path]) for call in calls)), None)


def connect(statement: Statement, files: Files, origin: OwnFile | None = None) -> None:
    """Let a statement bind the paths that it writes, and need those that it imports, opens or comes from."""
    node = statement.node
    if origin is not None:
        statement.origin = origin.filename
        statement.now.add(origin.path)
    call = written_by(node)
    made = {call.path} if call is not None else opened_by(node) & files.keys()
    statement.binds |= made
    if call is not None:
        statement.replaces |= set() if call.append else made
        statement.later |= _imported_by(files[call.path], files)
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        statement.later |= _used(node, files)
    else:
        statement.now |= _used(node, files) - made
        statement.binds |= _starred_names(node, files)
        statement.always |= _extends_path(node)


def _used(node: ast.AST, files: Files) -> set[str]:
    """Files that code imports, or names by a text: ``open("table.json")``, ``import_module("pads")``."""
    parts = list(ast.walk(node))
    texts = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    named = {normal(text) for text in texts if 0 < len(text) < _LONGEST_PATH}
    found = {path for path in files if path in named or path.removesuffix(".py") in named}
    return found.union(
        *(_paths_of(part, files) for part in parts if isinstance(part, (ast.Import, ast.ImportFrom)))
    )


def _extends_path(node: ast.stmt) -> bool:
    """``sys.path.append("src")``: from then on modules are found there."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).startswith("sys.path.")


def _imported_by(written: OwnFile, files: Files) -> set[str]:
    """Other files that a module imports; what is no Python fails where it is imported."""
    try:
        return _used(ast.parse(written.text or ""), files) - {written.path}
    except (SyntaxError, ValueError, RecursionError):
        return set()


def _paths_of(node: ast.Import | ast.ImportFrom, files: Files) -> set[str]:
    """The files that an import may read, packages on the way included."""
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module or ''}.{name}" for name in names)]
    words = {word for name in names for word in name.split(".")}
    return {path for path in files if path.endswith(".py") and words & {_stem(path), *path.split("/")[:-1]}}


def _starred_names(node: ast.stmt, files: Files) -> set[str]:
    """What ``from pads import *`` binds."""
    if not isinstance(node, ast.ImportFrom) or node.names[0].name != "*":
        return set()
    texts = [files[path].text or "" for path in _paths_of(node, files)]
    return {name for text in texts for name in _public_names(text)}


def _public_names(text: str) -> set[str]:
    try:
        return {name for name in read_scope(ast.parse(text).body).bound if name[:1] != "_"}
    except (SyntaxError, ValueError, RecursionError):
        return set()


def carried_out(body: list[ast.stmt], files: Files) -> dict[ast.stmt, OwnFile]:
    """Put calls of ours in the place of what writes a literal text, and modules in that of ``%run``.

    Returns:
        For statements of such modules where they stand.
    """
    for node in body:
        call = written_by(node)
        if call is not None and isinstance(node, (ast.Expr, ast.Assign)):
            node.value = ast.copy_location(call.node, node)
        elif call is not None:
            body[body.index(node)] = ast.copy_location(ast.Expr(call.node), node)
    for node in body:
        ast.fix_missing_locations(node)
    return _run_inline(body, files)


def _run_inline(body: list[ast.stmt], files: Files) -> dict[ast.stmt, OwnFile]:
    origins: dict[ast.stmt, OwnFile] = {}
    for at in range(len(body) - 1, -1, -1):
        written = files.get(run_path(body[at]))
        if written is not None and wrong_in(written) is None:
            body[at : at + 1] = nodes = top_level(ast.parse(written.padded))
            origins |= dict.fromkeys(nodes, written)
    return origins


def run_path(node: ast.stmt) -> str:
    """The path of ``%run module.py``; nothing for other statements."""
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == RUN:
        return normal(literal(call.args[0]) or "")
    return ""
