"""One cell read by itself, and the cells of the release read once for all submissions.

Most cells of a submission are the release's own: imports, demonstrations, locked
cells. The zygote reads those before it forks, so that a room reads only what the
student wrote. A reading depends on the cell's text, on the ``__future__`` features of
the cells above it and on the modules that may be imported, and on nothing else, so
these three are its key. Readings are shared by all rooms: whoever uses one takes
copies of what it changes (``Reading.placed``).
"""

from __future__ import annotations
import __future__

import ast
import warnings
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from types import CodeType, MappingProxyType

from . import files, magics
from .aside import set_aside
from .imports import Imports
from .statements import Statement, read_statement, top_level

MAX_STATEMENTS = 20_000  # at top level, in all cells together; a long notebook has a few hundred
FIRST_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True)
class Reading:
    """A cell's statements, compiled, and what reading it did besides."""

    statements: tuple[Statement, ...] = ()
    codes: tuple[CodeType, ...] = ()
    flags: int = FIRST_FLAGS  # of the compiler, for the cells below
    missing: frozenset[str] = frozenset()  # modules that it imports and that are not there
    starred: str = ""  # of these, one of a star import
    error: SyntaxError | None = None

    def placed(self, cell: int, given: bool = False) -> list[Statement]:
        """The statements as those of the program's cell ``cell``, free to be changed."""
        copies = [copy(each) for each in self.statements]
        for each in copies:
            each.cell, each.binds, each.touches, each.given = cell, set(each.binds), set(), given
        return copies


Readings = Mapping[tuple[str, int], Reading]  # (text, flags) -> its reading
Given = dict[frozenset[str], dict[tuple[str, int], Reading]]  # by the modules that may be imported


def read_release(cells: Iterable[tuple[str, str]], libraries: Iterable[str]) -> Readings:
    """Read the release's cells, given as (file name, text).

    Functions are read through as well, since demonstrations call them while loading.
    """
    found: dict[tuple[str, int], Reading] = {}
    flags = FIRST_FLAGS
    for filename, text in cells:
        reading = found[text, flags] = read_cell(text, filename, flags, libraries)
        flags = reading.flags
        for function in (each for statement in reading.statements for each in statement.functions):
            _ = function.actions, function.scope, function.order
    return found


def read_cell(
    text: str,
    filename: str,
    flags: int,
    libraries: Iterable[str],
    most: int = MAX_STATEMENTS,
    written: files.Files = MappingProxyType({}),
    aside: int = 0,
) -> Reading:
    """Parse and compile one cell, statement by statement; executes nothing.

    Args:
        text: as the notebook has it.
        filename: what tracebacks call it.
        flags: of the compiler, from the cells above.
        libraries: modules that may be imported besides NumPy and the standard library.
        most: more statements than this are an error.
        written: files that the notebook writes.
        aside: the line of an assignment that is set aside; 0 for none.
    """
    imports = Imports({*libraries, *files.modules_of(written)})
    statements: tuple[Statement, ...] = ()
    codes: tuple[CodeType, ...] = ()
    error: SyntaxError | None = None
    unwritten: SyntaxError | None = None  # what is wrong with a module that it writes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\\d" in a docstring is the student's business
            module = magics.parse(text) or ast.Module(body=[], type_ignores=[])
            if aside:
                set_aside(module, aside)
            flags |= _future_flags(module)  # as in a notebook, these hold for all later cells
            unwritten = files.wrong_module(module.body, written) if written else None
            origins = files.carried_out(module.body, written) if written else {}
            if "import" in text or origins:
                imports.rewrite(module.body)
            body = top_level(module)
            if len(body) > most:
                raise magics.NoPython(f"more than {MAX_STATEMENTS} statements in all", (None, 1, 1, None))
            statements = tuple(read_statement(0, node) for node in body)
            for statement in statements if written else ():
                files.connect(statement, written, origins.get(statement.node))
            codes = tuple(_compile(each.node, each.origin or filename, flags) for each in statements)
    except SyntaxError as found:
        error = found
    except RecursionError:
        error = magics.NoPython("the code is nested too deeply")
    if error is not None:
        statements = codes = ()
    missing = frozenset(imports.missing)
    return Reading(statements, codes, flags, missing, imports.starred, error or unwritten)


def _future_flags(module: ast.Module) -> int:
    """Take ``from __future__ import ...`` out of a cell; returns its flags."""
    flags = 0
    for node in [
        node for node in module.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]:
        module.body.remove(node)
        for alias in node.names:
            feature = getattr(__future__, alias.name, None)
            if not isinstance(feature, __future__._Feature):
                raise magics.NoPython(
                    f"future feature {alias.name} is not defined", (None, node.lineno, 1, None)
                )
            flags |= feature.compiler_flag
    return flags


def _compile(node: ast.stmt, filename: str, flags: int) -> CodeType:
    """Compile one statement; whatever goes wrong (a stray ``return``) is a ``SyntaxError``."""
    module = ast.Module(body=[node], type_ignores=[])
    try:
        code: CodeType = compile(module, filename, "exec", flags, dont_inherit=True)
        return code
    except SyntaxError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise magics.NoPython(str(error) or "the code is nested too deeply", (None, 1, 1, None)) from error


def renamed(code: CodeType, filename: str) -> CodeType:
    """The same code, and that of the functions in it, from a cell with another number."""
    if code.co_filename == filename:
        return code
    parts = (renamed(part, filename) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_filename=filename, co_consts=tuple(parts))
