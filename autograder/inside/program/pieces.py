"""The cells of a submission and their statements, compiled, and what goes wrong in them."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .readings import renamed

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
    needed: bool  # in one of the views
    stub: bool = False  # which another definition replaces

    @property
    def told(self) -> dict[str, Any]:
        """Where it stands, and its first line."""
        return {"cell": self.source.number, "line": self.line, "text": self.source.line(self.line)}

    def run(self, namespace: dict[str, Any], loop: EventLoop) -> None:
        """Execute it."""
        code = renamed(self.code, self.source.filename)
        if code.co_flags & inspect.CO_COROUTINE:
            loop.run(eval(code, namespace))
        elif STARTS_TASKS.isdisjoint(code.co_names):
            exec(code, namespace)
        else:
            loop.run(_in_loop(code, namespace))


# What works only while an event loop runs, as one does in a notebook all the time.
STARTS_TASKS = frozenset({"create_task", "ensure_future", "get_running_loop"})


async def _in_loop(code: CodeType, namespace: dict[str, Any]) -> None:
    exec(code, namespace)


class EventLoop:
    """The event loop of one notebook, made for its first ``await``: what a cell starts another may await."""

    def __init__(self) -> None:
        self._loop: Any = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run a statement to its end."""
        import asyncio  # which is rare in a notebook

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        """End it, with what is still waiting."""
        if self._loop is not None:
            import asyncio

            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()


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
