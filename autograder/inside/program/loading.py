"""A submission becomes a module: ``compile_program`` reads it, ``Compiled.execute`` runs it.

Theory of operation. ``compile_program`` parses, slices and compiles, and executes
nothing of the student's: the first test process of a submission calls it before it is
confined, the room before it forks a second. Each test process then calls ``execute``
behind its own filter:

    "slice"   the statements that the tasks need (``slicing``), each cell's under the
              file name ``cell 7``, with the student's line numbers
    "whole"   every cell in order, as a notebook's "run all" that goes on after errors

Where names change their meaning below the check of a task, there are several views (``views``).
A view is cut at a place: whatever is bound there has that meaning again when all is executed.

A statement that fails because of *our* placeholder for a missing module does not end
its cell: on the student's machine it would have worked. What it would have bound
becomes a placeholder too.
"""

from __future__ import annotations

import linecache
import sys
import types
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .. import chance
from .effects import BUILTINS
from .files import Files, OwnFile, modules_of, written_in
from .imports import STAND_IN
from .losses import left_in_no_class, names_bound, told, used_and_unbound
from .magics import RUN, WRITE
from .modules import WrittenModules
from .pieces import MAX_TEXT, EventLoop, Piece, Source, describe
from .placeholders import Phase, Unavailable, notebook_names, placeholder, stand_in
from .readings import FIRST_FLAGS, MAX_STATEMENTS, Given, Reading, Readings, read_cell
from .slicing import GIVEN, Slice
from .statements import Statement
from .views import Load, Rebound, views_of

MODULE = "submission"
NOWHERE = -1  # the place of no statement


@dataclass(frozen=True)
class Compiled:
    """A submission that can be executed."""

    steps: tuple[Piece, ...]
    sources: tuple[Source, ...]
    starred: str  # a missing module of a star import, if there is one
    unresolved: frozenset[str]  # names that may come from it
    names: tuple[str, ...]  # that the tasks should define
    views: tuple[Load, ...]
    libraries: frozenset[str]
    modules: frozenset[str]  # that it writes itself
    report: dict[str, Any] = field(default_factory=dict)  # what the judge is told of it

    def execute(
        self,
        mode: str,
        without: Collection[int] = (),
        tell: Callable[[int], None] = lambda place: None,
        view: int = 0,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the submission in a module of its own.

        Args:
            mode: "slice" or "whole".
            without: places of statements that are left out.
            tell: is told each statement's place before it runs, and ``NOWHERE`` at the end.
            view: which of ``views``.

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
        errors = self._run(self._places(mode, self.views[view], without), mode, namespace, phase, tell)
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
        modules = WrittenModules(self.libraries, self.modules, namespace[STAND_IN])
        if self.modules:
            modules.install()
        namespace[WRITE] = lambda *call: modules.write(sys._getframe(1).f_code.co_filename, *call)
        namespace[RUN] = lambda path: None  # a module that the notebook does not write is not there
        for name in self.unresolved:
            namespace[name] = placeholder(self.starred, phase, name)
        return namespace

    def _places(self, mode: str, view: Load, without: Collection[int]) -> Iterator[int]:
        """What is executed, in order; ``NOWHERE`` where the view is cut."""
        for place, step in enumerate(self.steps):
            if place == view.end:
                yield NOWHERE
            shown = mode == "whole" and place < view.end
            if place not in without and not step.stub and (shown or place in view.kept):
                yield place

    def _run(
        self,
        places: Iterable[int],
        mode: str,
        namespace: dict[str, Any],
        phase: Phase,
        tell: Callable[[int], None],
    ) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = []
        stopped: Source | None = None  # in "whole", the rest of a cell is lost after an error
        there: dict[str, Any] | None = None  # what names meant where the view is cut
        loop = EventLoop()
        for place in places:
            if place == NOWHERE:
                there = dict(namespace)
                continue
            step = self.steps[place]
            if step.source is stopped:
                errors[-1]["names"] += step.binds
                continue
            tell(place)
            try:
                step.run(namespace, loop)
            except Unavailable as gone:
                _bind_placeholders(step, namespace, phase, gone.name or "a module")
            except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's here
                errors.append({**describe(error, self.sources), "names": sorted(step.binds)})
                stopped = step.source if mode == "whole" else None
        with suppress(BaseException):  # a task that was never awaited is nobody's
            loop.close()
        if there is not None:
            _as_they_were(namespace, there)
        for found in errors:
            found["names"] = told(name for name in found["names"] if name not in namespace)
        return errors


def _as_they_were(namespace: dict[str, Any], there: dict[str, Any]) -> None:
    """Give names the meaning again that they had; what was missing stays as it is now."""
    namespace.update(there)
    for name in BUILTINS.intersection(namespace).difference(there):
        del namespace[name]


def _bind_placeholders(step: Piece, namespace: dict[str, Any], phase: Phase, module: str) -> None:
    for name in step.binds:
        if name in step.replaces or name not in namespace:
            namespace[name] = placeholder(module, phase, name)


def compile_program(program: dict[str, Any], given: Given | None = None) -> Compiled:
    """Parse, slice and compile what ``notebook.to_program`` made; executes nothing of the student's.

    ``given`` holds what was read before, which saves time and changes nothing. A cell
    that cannot be parsed is left out and reported: ``report["syntax_errors"]`` lists
    ``{"cell", "task", "line", "message", "text", "names", "needed"}``: the names that it was meant to
    bind, and those of them that a task needs and no other cell binds. ``program["aside"]``, where it is
    there, is the cell and the line of an assignment that is set aside.
    """
    sources = tuple(_source(cell) for cell in program["cells"])
    libraries = frozenset(program["libraries"])
    files = _files_of(sources)
    known = (given or {}).get(libraries, {})
    readings = _read_cells(sources, libraries, known, files, program.get("aside", (0, 0)))
    statements = [
        each for cell, reading in enumerate(readings) for each in reading.placed(cell, sources[cell].given)
    ]
    slice_ = Slice(statements, program["names"])
    views = views_of(slice_, program["names"], program.get("tasks", {}), _checks(program, statements))
    codes = [code for reading in readings for code in reading.codes]
    kept = views.kept
    by_name = {source.filename: source for source in sources}
    steps = tuple(
        Piece(
            by_name.get(statement.origin, sources[statement.cell]),
            code,
            statement.node.lineno,
            frozenset(statement.binds),
            frozenset(statement.replaces),
            place in kept,
            place in slice_.stubs,
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
    report = {
        "syntax_errors": errors,
        "missing_modules": missing,
        "in_no_class": in_no_class,
        "views": views.numbers,
        "rebound": [_rebound(each, steps) for each in views.rebound],
    }
    starred = next((reading.starred for reading in reversed(readings) if reading.starred), "")
    unresolved = _unresolved(statements) if starred else frozenset()
    modules = frozenset(modules_of(files))
    return Compiled(
        steps, sources, starred, unresolved, tuple(program["names"]), views.views, libraries, modules, report
    )


def _checks(program: dict[str, Any], statements: list[Statement]) -> dict[str, int]:
    """For each task the place of the first statement below its check."""
    cells = [statement.cell for statement in statements]
    return {task: bisect_left(cells, above) for task, above in program.get("checks", {}).items()}


def _rebound(found: Rebound, steps: tuple[Piece, ...]) -> dict[str, Any]:
    """A name that is bound anew below a check, for the judge and the student."""
    counts = None if found.counts is None else steps[found.counts].told
    return {"name": found.name, "counts": counts, "other": steps[found.other].told, "tasks": found.tasks}


def _source(cell: dict[str, Any]) -> Source:
    return Source(int(cell["index"]) + 1, cell["task"], cell["source"], cell.get("given", False))


def _read_cells(
    sources: tuple[Source, ...],
    libraries: frozenset[str],
    known: Readings,
    files: Files,
    aside: Sequence[int],
) -> list[Reading]:
    """Read each cell after those above it; what the release holds was read before."""
    readings: list[Reading] = []
    flags, room = FIRST_FLAGS, MAX_STATEMENTS
    written = dict(files)  # each as the cells above have it, and as the last one has it where none does
    for source in sources:
        line = aside[1] if source.number == aside[0] else 0
        reading = None if line or (files and not source.given) else known.get((source.text, flags))
        if reading is None or len(reading.statements) > room:
            written |= written_in(source.text, source.filename, written) if files else {}
            reading = read_cell(source.text, source.filename, flags, libraries, room, written, line)
        room -= len(reading.statements)
        flags = reading.flags
        readings.append(reading)
    return readings


def _files_of(sources: tuple[Source, ...]) -> dict[str, OwnFile]:
    """What a notebook writes, each file as it is at the end."""
    files: dict[str, OwnFile] = {}
    for source in sources:
        files |= written_in(source.text, source.filename, files)
    return files


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
