"""Calls in processes of their own, so that what goes wrong there costs one answer and nothing else.

Theory of operation. A small server process (``multiprocessing``'s forkserver) imports once what the calls
need, and forks a process for each call. That process says that it has started, limits its own memory and
processor time, calls, and writes the text that came of it into a pipe. Who asked waits as long as the call
may take, and kills the process in any case. Nothing but text comes back, so that a process that was taken
over could not do more than a page could.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import resource
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from .errors import CourseError
from .memory_limit import memory_limit

_START_SECONDS = 120.0  # until the server process has imported all, on a busy machine
_SPARE_SECONDS = 2  # of processor time, so that who asked is the first to give up


class NoAnswer(CourseError):
    """The call took too long or too much memory, or raised; the text says which."""


@dataclass(frozen=True)
class Bounds:
    """What one call may use."""

    seconds: float  # of wall clock, from the fork
    memory_mib: int  # on top of what the imported modules hold
    answer_mib: int  # of the text that comes back


def prepare(modules: Iterable[str]) -> None:
    """Begin to import what calls need, in the process that they are forked from.

    It works once for a process, before the first call.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload([*modules])
    multiprocessing.forkserver.ensure_running()


def call_apart(function: Callable[..., str], *arguments: Any, bounds: Bounds) -> str:
    """The text that a function makes of its arguments, in a process of its own.

    Args:
        function: of a module's top level.
        arguments: plain data, which the process gets.
        bounds: of the call.

    Raises:
        NoAnswer: there is none within the bounds.
    """
    context = multiprocessing.get_context("forkserver")
    receiving, sending = context.Pipe(duplex=False)
    with receiving:
        process = context.Process(target=_answer, args=(sending, function, arguments, bounds), daemon=True)
        with sending:
            process.start()
        try:
            return _received(receiving, bounds)
        finally:
            process.kill()
            process.join()
            process.close()


def _received(receiving: Connection, bounds: Bounds) -> str:
    if not receiving.poll(_START_SECONDS):
        raise NoAnswer("no process for it has started")
    try:
        receiving.recv_bytes(0)
        if not receiving.poll(bounds.seconds):
            raise NoAnswer(f"it takes more than {bounds.seconds:g} s")
        answer = receiving.recv_bytes((bounds.answer_mib << 20) + 1)
    except EOFError as error:
        raise NoAnswer("its process ended without an answer") from error
    except OSError as error:
        raise NoAnswer(f"its answer has more than {bounds.answer_mib} MiB") from error
    text = answer[1:].decode("utf-8", "replace")
    if answer[:1] != b"+":
        raise NoAnswer(text)
    return text


def _answer(
    sending: Connection, function: Callable[..., str], arguments: tuple[Any, ...], bounds: Bounds
) -> None:
    """What the process does; its own limits hold where who asked was killed."""
    sending.send_bytes(b"")  # it has started
    most = int(bounds.seconds) + _SPARE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    os.nice(5)  # who asks waits anyway; the server's other readers should not
    try:
        with memory_limit(bounds.memory_mib):
            answer = b"+" + function(*arguments).encode("utf-8", "replace")
    except MemoryError:
        answer = f"-it takes more than {bounds.memory_mib} MiB".encode()
    except Exception as error:
        answer = f"-{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")
    sending.send_bytes(answer)
