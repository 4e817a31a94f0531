"""A submission becomes a module: ``compile_program`` reads it, ``Compiled.execute`` runs it.

Theory of operation. The sandbox's init calls ``compile_program``: it parses, slices
and compiles, and executes nothing of the student's. Each test process, forked from
init, then calls ``execute`` behind its own filter:

    "slice"   the statements that the tasks need (``slicing``), each cell's under the
              file name ``cell 7``, with the student's line numbers
    "whole"   every cell in order, as a notebook's "run all" that goes on after errors

A statement that fails because of *our* placeholder for a missing module does not end
its cell: on the student's machine it would have worked. What it would have bound
becomes a placeholder too.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import random
import sys
import types
import warnings
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from . import magics
from .imports import STAND_IN, Imports
from .placeholders import Phase, Placeholder, Unavailable, notebook_names, stand_in
from .slicing import GIVEN, Slice
from .statements import Statement, read_statement, top_level

MODULE = "submission"
MAX_STATEMENTS = 20_000  # at top level, in all cells together; a long notebook has a few hundred
MAX_TEXT = 400  # characters of a message or of a line that travel to the judge


@dataclass(frozen=True)
class Source:
    """One cell as it was written."""

    number: int  # in the student's notebook, from 1
    task: str | None
    text: str

    @property
    def filename(self) -> str:
        """What tracebacks call the cell."""
        return f"cell {self.number}"

    def line(self, number: int) -> str:
        """One line of the cell, without its indentation."""
        lines = self.text.split("\n")
        return lines[number - 1].strip()[:MAX_TEXT] if 0 < number <= len(lines) else ""


@dataclass(frozen=True)
class Step:
    """One top-level statement, compiled."""

    source: Source
    code: CodeType
    binds: frozenset[str]
    replaces: frozenset[str]  # of these, what it surely binds anew
    needed: bool


@dataclass(frozen=True)
class Compiled:
    """A submission that can be executed."""

    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    starred: str  # a missing module of a star import, if there is one
    unresolved: frozenset[str]  # names that may come from it
    seed: int
    report: dict[str, Any] = field(default_factory=dict)  # "syntax_errors", "missing_modules"

    def execute(self, mode: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the submission in a module of its own.

        Args:
            mode: "slice" or "whole".

        Returns:
            The module's namespace and a report: ``{"mode", "ok", "error", "errors",
            "missing_modules", "syntax_errors"}``. An error is ``{"class", "message",
            "cell", "line", "text"}`` with the number of the cell in the student's
            notebook; ``error`` is the first. After an error in "slice" the other
            statements still run, so that the namespace is as full as it can be.
        """
        if mode not in ("slice", "whole"):
            raise ValueError(f"mode is {mode!r}, expected 'slice' or 'whole'")
        phase = Phase()
        namespace = self._namespace(phase)
        self._seed()
        errors = self._run(mode, namespace, phase)
        phase.loading = False
        return namespace, {
            "mode": mode,
            "ok": not errors,
            "error": errors[0] if errors else None,
            "errors": errors[:50],
            **self.report,
        }

    def _namespace(self, phase: Phase) -> dict[str, Any]:
        module = types.ModuleType(MODULE)
        sys.modules[MODULE] = module  # dataclasses and typing look a class's module up
        for source in self.sources:
            lines = [line + "\n" for line in source.text.split("\n")]
            linecache.cache[source.filename] = (len(source.text), None, lines, source.filename)
        namespace = vars(module)
        namespace.update(notebook_names(phase))
        namespace[STAND_IN] = lambda name, part: stand_in(name, part, phase)
        for name in self.unresolved:
            namespace[name] = Placeholder(self.starred, phase, name)
        return namespace

    def _seed(self) -> None:
        random.seed(self.seed)
        np.random.seed(self.seed % 2**32)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(self.seed % 2**63)

    def _run(self, mode: str, namespace: dict[str, Any], phase: Phase) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = []
        stopped: Source | None = None  # in "whole", the rest of a cell is lost after an error
        for step in self.steps:
            if step.source is stopped or (mode == "slice" and not step.needed):
                continue
            try:
                _run_code(step.code, namespace)
            except Unavailable as gone:
                _bind_placeholders(step, namespace, phase, gone.name or "a module")
            except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's here
                errors.append(describe(error, self.sources))
                stopped = step.source if mode == "whole" else None
        return errors


def _run_code(code: CodeType, namespace: dict[str, Any]) -> None:
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace)
        return
    import asyncio  # only for a top-level await, which is rare

    asyncio.run(eval(code, namespace))


def _bind_placeholders(step: Step, namespace: dict[str, Any], phase: Phase, module: str) -> None:
    for name in step.binds:
        if name in step.replaces or name not in namespace:
            namespace[name] = Placeholder(module, phase, name)


def describe(error: BaseException, sources: tuple[Source, ...]) -> dict[str, Any]:
    """An exception of student code: its class, its message and the student's own line."""
    by_name = {source.filename: source for source in sources}
    found: tuple[Source, int] | None = None
    trace = error.__traceback__
    while trace is not None:
        source = by_name.get(trace.tb_frame.f_code.co_filename)
        if source is not None:
            found = source, trace.tb_lineno
        trace = trace.tb_next
    return {
        "class": type(error).__name__[:MAX_TEXT],
        "message": _message(error),
        "cell": found[0].number if found else None,
        "line": found[1] if found else None,
        "text": found[0].line(found[1]) if found else "",
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT].encode("utf-8", "replace").decode()
    except BaseException:  # a class of the student's may refuse to be printed
        return ""


def compile_program(program: dict[str, Any]) -> Compiled:
    """Parse, slice and compile what ``notebook.to_program`` made; executes nothing of the student's.

    A cell that cannot be parsed is left out and reported: ``report["syntax_errors"]``
    lists ``{"cell", "task", "line", "message", "text"}``.
    """
    sources = tuple(_source(cell) for cell in program["cells"])
    imports = Imports(program["libraries"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\d" in a docstring is the student's business
        cells, errors = _read_cells(sources, imports)
    statements = [statement for cell in cells for statement, _ in cell]
    kept = Slice(statements).needed(program["names"])
    codes = [code for cell in cells for _, code in cell]
    steps = tuple(
        Step(
            sources[statement.cell],
            code,
            frozenset(statement.binds),
            frozenset(statement.replaces),
            place in kept,
        )
        for place, (statement, code) in enumerate(zip(statements, codes, strict=True))
    )
    report = {"syntax_errors": errors, "missing_modules": sorted(imports.missing)}
    unresolved = _unresolved(statements) if imports.starred else frozenset()
    return Compiled(steps, sources, imports.starred, unresolved, int(program.get("seed", 0)), report)


def _source(cell: dict[str, Any]) -> Source:
    return Source(int(cell["index"]) + 1, cell["task"], cell["source"])


_Cell = list[tuple[Statement, CodeType]]


def _read_cells(sources: tuple[Source, ...], imports: Imports) -> tuple[list[_Cell], list[dict[str, Any]]]:
    """The statements of each cell that is Python, and the errors of the others."""
    cells: list[_Cell] = []
    errors: list[dict[str, Any]] = []
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    room = MAX_STATEMENTS
    for at, source in enumerate(sources):
        try:
            module = magics.parse(source.text) or ast.Module(body=[], type_ignores=[])
            flags |= _future_flags(module)  # as in a notebook, these hold for all later cells
            imports.rewrite(module.body)
            body = top_level(module)
            room -= len(body)
            if room < 0:
                raise magics.NoPython(f"more than {MAX_STATEMENTS} statements in all", (None, 1, 1, None))
            cells.append([(read_statement(at, node), _compile(node, source, flags)) for node in body])
        except SyntaxError as error:
            errors.append(_syntax_error(error, source))
        except RecursionError:
            errors.append(_syntax_error(magics.NoPython("the code is nested too deeply"), source))
    return cells, errors


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


def _compile(node: ast.stmt, source: Source, flags: int) -> CodeType:
    """Compile one statement; whatever goes wrong (a stray ``return``) is a ``SyntaxError``."""
    module = ast.Module(body=[node], type_ignores=[])
    try:
        code: CodeType = compile(module, source.filename, "exec", flags, dont_inherit=True)
        return code
    except SyntaxError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise magics.NoPython(str(error) or "the code is nested too deeply", (None, 1, 1, None)) from error


def _syntax_error(error: SyntaxError, source: Source) -> dict[str, Any]:
    line = error.lineno or 1
    message = str(error.msg)[:MAX_TEXT]
    return {
        "cell": source.number,
        "task": source.task,
        "line": line,
        "message": message.encode("utf-8", "replace").decode(),
        "text": source.line(line),
    }


def _unresolved(statements: list[Statement]) -> frozenset[str]:
    bound = {name for statement in statements for name in statement.binds}
    used = {name for statement in statements for name in statement.now | statement.later}
    return frozenset(used - bound - GIVEN)
