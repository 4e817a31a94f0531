"""A submission becomes a module: ``compile_program`` reads it, ``Compiled.execute`` runs it.

Theory of operation. ``compile_program`` parses, slices and compiles, and executes
nothing of the student's: the first test process of a submission calls it before it is
confined, the room before it forks a second. Each test process then calls ``execute``
behind its own filter:

    "slice"   the statements that the tasks need (``slicing``), each cell's under the
              file name ``cell 7``, with the student's line numbers
    "whole"   every cell in order, as a notebook's "run all" that goes on after errors

A statement that fails because of *our* placeholder for a missing module does not end
its cell: on the student's machine it would have worked. What it would have bound
becomes a placeholder too.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import types
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from .. import chance
from .imports import STAND_IN
from .losses import left_in_no_class, names_bound, told, used_and_unbound
from .placeholders import Phase, Unavailable, notebook_names, placeholder, stand_in
from .readings import FIRST_FLAGS, MAX_STATEMENTS, Given, Reading, Readings, read_cell, renamed
from .slicing import GIVEN, Slice
from .statements import Statement

MODULE = "submission"
NOWHERE = -1  # the place of no statement
MAX_TEXT = 400  # characters of a message or of a line that travel to the judge


@dataclass(frozen=True)
class Source:
    """One cell as it was written."""

    number: int  # in the student's notebook, from 1
    task: str | None
    text: str
    given: bool = False  # a cell of the release that students do not edit

    @property
    def filename(self) -> str:
        """What tracebacks call the cell."""
        return f"cell {self.number}"

    def line(self, number: int) -> str:
        """One line of the cell, without its indentation."""
        lines = self.text.split("\n")
        return lines[number - 1].strip()[:MAX_TEXT] if 0 < number <= len(lines) else ""


@dataclass(frozen=True)
class Piece:
    """One top-level statement, compiled."""

    source: Source
    code: CodeType  # a cell of the release may stand in it under another number
    line: int
    binds: frozenset[str]
    replaces: frozenset[str]  # of these, what it surely binds anew
    needed: bool

    def run(self, namespace: dict[str, Any]) -> None:
        """Execute it."""
        code = renamed(self.code, self.source.filename)
        if not code.co_flags & inspect.CO_COROUTINE:
            exec(code, namespace)
            return
        import asyncio  # only for a top-level await, which is rare

        asyncio.run(eval(code, namespace))


@dataclass(frozen=True)
class Compiled:
    """A submission that can be executed."""

    steps: tuple[Piece, ...]
    sources: tuple[Source, ...]
    starred: str  # a missing module of a star import, if there is one
    unresolved: frozenset[str]  # names that may come from it
    names: tuple[str, ...]  # that the tasks should define
    report: dict[str, Any] = field(default_factory=dict)  # "syntax_errors", "missing_modules", "in_no_class"

    def execute(
        self, mode: str, without: Collection[int] = (), tell: Callable[[int], None] = lambda place: None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the submission in a module of its own.

        Args:
            mode: "slice" or "whole".
            without: places of statements that are left out.
            tell: is told each statement's place before it runs, and ``NOWHERE`` at the end.

        Returns:
            The module's namespace and a report: ``{"mode", "ok", "error", "errors",
            "undefined"}`` and what ``report`` holds. An error is ``{"class", "message", "cell",
            "line", "text", "names"}`` with the number of the cell in the student's notebook, and
            the names that are not there because of it; ``error`` is the first. After an error in
            "slice" the other statements still run, so that the namespace is as full as it can be.
        """
        if mode not in ("slice", "whole"):
            raise ValueError(f"mode is {mode!r}, expected 'slice' or 'whole'")
        phase = Phase()
        namespace = self._namespace(phase)
        chance.begin_anew()
        errors = self._run(mode, namespace, phase, without, tell)
        tell(NOWHERE)
        phase.loading = False
        return namespace, {
            "mode": mode,
            "ok": not errors,
            "error": errors[0] if errors else None,
            "errors": errors[:50],
            "undefined": [name for name in self.names if name not in namespace],
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
            namespace[name] = placeholder(self.starred, phase, name)
        return namespace

    def _run(
        self,
        mode: str,
        namespace: dict[str, Any],
        phase: Phase,
        without: Collection[int],
        tell: Callable[[int], None],
    ) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = []
        stopped: Source | None = None  # in "whole", the rest of a cell is lost after an error
        for place, step in enumerate(self.steps):
            if step.source is stopped:
                errors[-1]["names"] += step.binds
            if step.source is stopped or place in without or (mode == "slice" and not step.needed):
                continue
            tell(place)
            try:
                step.run(namespace)
            except Unavailable as gone:
                _bind_placeholders(step, namespace, phase, gone.name or "a module")
            except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's here
                errors.append({**describe(error, self.sources), "names": sorted(step.binds)})
                stopped = step.source if mode == "whole" else None
        for found in errors:
            found["names"] = told(name for name in found["names"] if name not in namespace)
        return errors


def _bind_placeholders(step: Piece, namespace: dict[str, Any], phase: Phase, module: str) -> None:
    for name in step.binds:
        if name in step.replaces or name not in namespace:
            namespace[name] = placeholder(module, phase, name)


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


def compile_program(program: dict[str, Any], given: Given | None = None) -> Compiled:
    """Parse, slice and compile what ``notebook.to_program`` made; executes nothing of the student's.

    ``given`` holds what was read before, which saves time and changes nothing. A cell
    that cannot be parsed is left out and reported: ``report["syntax_errors"]`` lists
    ``{"cell", "task", "line", "message", "text", "names", "needed"}``: the names that it was meant to
    bind, and those of them that a task needs and no other cell binds.
    """
    sources = tuple(_source(cell) for cell in program["cells"])
    libraries = frozenset(program["libraries"])
    readings = _read_cells(sources, libraries, (given or {}).get(libraries, {}))
    statements = [
        each for cell, reading in enumerate(readings) for each in reading.placed(cell, sources[cell].given)
    ]
    kept = Slice(statements).needed(program["names"])
    codes = [code for reading in readings for code in reading.codes]
    steps = tuple(
        Piece(
            sources[statement.cell],
            code,
            statement.node.lineno,
            frozenset(statement.binds),
            frozenset(statement.replaces),
            place in kept,
        )
        for place, (statement, code) in enumerate(zip(statements, codes, strict=True))
    )
    broken = [pair for pair in zip(readings, sources, strict=True) if pair[0].error is not None]
    unbound = used_and_unbound(statements, kept, program["names"]) if broken else set()
    errors = [_syntax_error(reading.error, source, unbound) for reading, source in broken if reading.error]
    missing = sorted(frozenset().union(*(reading.missing for reading in readings)))
    in_no_class = [
        {"name": name, "module": module, "cell": steps[place].source.number, "line": steps[place].line}
        for place, name, module in (left_in_no_class(statements) if missing else ())
    ]
    report = {"syntax_errors": errors, "missing_modules": missing, "in_no_class": in_no_class}
    starred = next((reading.starred for reading in reversed(readings) if reading.starred), "")
    unresolved = _unresolved(statements) if starred else frozenset()
    return Compiled(steps, sources, starred, unresolved, tuple(program["names"]), report)


def _source(cell: dict[str, Any]) -> Source:
    return Source(int(cell["index"]) + 1, cell["task"], cell["source"], cell.get("given", False))


def _read_cells(sources: tuple[Source, ...], libraries: frozenset[str], known: Readings) -> list[Reading]:
    """Read each cell after those above it; what the release holds was read before."""
    readings: list[Reading] = []
    flags, room = FIRST_FLAGS, MAX_STATEMENTS
    for source in sources:
        reading = known.get((source.text, flags))
        if reading is None or len(reading.statements) > room:
            reading = read_cell(source.text, source.filename, flags, libraries, most=room)
        room -= len(reading.statements)
        flags = reading.flags
        readings.append(reading)
    return readings


def _syntax_error(error: SyntaxError, source: Source, unbound: set[str]) -> dict[str, Any]:
    line, names = error.lineno or 1, names_bound(source.text)
    message = str(error.msg)[:MAX_TEXT]
    return {
        "cell": source.number,
        "task": source.task,
        "line": line,
        "message": message.encode("utf-8", "replace").decode(),
        "text": source.line(line),
        "names": names,
        "needed": [name for name in names if name in unbound],
    }


def _unresolved(statements: list[Statement]) -> frozenset[str]:
    bound = {name for statement in statements for name in statement.binds}
    used = {name for statement in statements for name in statement.now | statement.later}
    return frozenset(used - bound - GIVEN)
