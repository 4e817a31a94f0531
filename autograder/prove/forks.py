"""Jobs in forked children, so that code that loops or eats memory ends alone.

Theory of operation
    The parent has collected the checks and stays single-threaded. Each job gets a child
    that inherits everything, limits its own memory and CPU time, writes its result as
    JSON into a pipe and leaves without clean-up. The parent reads all pipes and ends a
    child that is late. Only for code of ours: this isolates accidents, not attacks.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

Job = Callable[[], Any]
WALL_PER_CPU = 8  # a loaded machine gives a child less than a whole core


@dataclass(frozen=True)
class Ended:
    """A child that brought no result."""

    why: str  # "TIMEOUT" or "CRASHED"


@dataclass
class _Child:
    number: int
    pid: int
    deadline: float
    data: bytes = b""


def run_forked(
    jobs: Sequence[Job],
    *,
    cpu_seconds: float,
    memory_mib: int = 2048,
    workers: int | None = None,
    on_done: Callable[[int], None] = lambda done: None,
) -> list[Any]:
    """Run jobs in children, several at a time; their results in order.

    Args:
        jobs: functions without arguments whose result is plain JSON data.
        cpu_seconds: CPU time of one job; the wall limit is a multiple of it.
        memory_mib: address space of one job, on top of what the parent holds.
        workers: children at a time; the number of cores where left out.
        on_done: called with the number of finished jobs.

    Returns:
        For each job its result, or an ``Ended``.
    """
    results: list[Any] = [None] * len(jobs)
    waiting = list(range(len(jobs)))[::-1]
    done = 0
    with selectors.DefaultSelector() as selector:
        while waiting or selector.get_map():
            while waiting and len(selector.get_map()) < (workers or os.cpu_count() or 1):
                _start(selector, waiting.pop(), jobs, cpu_seconds, memory_mib)
            for child in _finished(selector):
                results[child.number] = _result(child)
                done += 1
                on_done(done)
    return results


def _start(
    selector: selectors.BaseSelector, number: int, jobs: Sequence[Job], cpu_seconds: float, memory_mib: int
) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _child(jobs[number], write, cpu_seconds, memory_mib)
    os.close(write)
    os.set_blocking(read, False)
    child = _Child(number, pid, time.monotonic() + WALL_PER_CPU * cpu_seconds)
    selector.register(read, selectors.EVENT_READ, child)


def _child(job: Job, write: int, cpu_seconds: float, memory_mib: int) -> NoReturn:
    status = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        _limit(cpu_seconds, memory_mib)
        text = json.dumps(job()).encode()
        with os.fdopen(write, "wb") as pipe:
            pipe.write(text)
        status = 0
    finally:
        os._exit(status)


def _limit(cpu_seconds: float, memory_mib: int) -> None:
    seconds = int(cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # without /proc (macOS) there is no limit on memory
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (memory_mib << 20),) * 2)


def _finished(selector: selectors.BaseSelector) -> list[_Child]:
    """Read what has come; the children that are done or late."""
    over = []
    now = time.monotonic()
    late = [key for key in selector.get_map().values() if key.data.deadline < now]
    ready = [key for key, _ in selector.select(0.05)]
    for key in late:
        os.kill(key.data.pid, signal.SIGKILL)
    for key in {key.fd: key for key in (*ready, *late)}.values():
        chunk = b"" if key in late else os.read(key.fd, 1 << 16)
        key.data.data += chunk
        if not chunk:
            selector.unregister(key.fileobj)
            os.close(key.fd)
            over.append(key.data)
    return over


def _result(child: _Child) -> Any:
    _, status = os.waitpid(child.pid, 0)
    if status == 0:
        return json.loads(child.data)
    ended = signal.SIGKILL, signal.SIGXCPU
    return Ended("TIMEOUT" if os.WIFSIGNALED(status) and os.WTERMSIG(status) in ended else "CRASHED")
