"""What would start a thread or a process runs at once, in this one: there are no others while grading.

Theory of operation. Student code that is honest on the student's machine may use a pool of workers, a
thread, an event loop. Here the kernel refuses what these need. So their public faces are replaced
before anything of a student's is there: a task that is submitted has run when ``submit`` returns, a
pool maps in order, a thread has ended when ``start`` returns, and an event loop does without the pair
of sockets by which other threads would wake it. Results are the same, as they must be for
code that does not depend on which of its workers is the faster.

This replaces nothing of the isolation, which is the kernel's: see ``confine``.
"""

from __future__ import annotations

import asyncio.selector_events
import concurrent.futures.process
import concurrent.futures.thread
import multiprocessing
import multiprocessing.context
import multiprocessing.pool
import multiprocessing.process
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Any


def replace_workers() -> None:
    """Put the replacements into the standard library's modules."""
    _replace_threads()
    _replace_executors()
    _replace_processes()
    _replace_wakeups()


# --- threads ---


def _replace_threads() -> None:
    kind: Any = threading.Thread
    kind.start, kind.join, kind.is_alive = _start, _nothing, _no
    timer: Any = threading.Timer
    timer.run = lambda self: None if self.finished.is_set() else self.function(*self.args, **self.kwargs)


def _start(self: Any) -> None:
    if self._started.is_set():
        raise RuntimeError("threads can only be started once")
    self._started.set()
    try:
        self.run()
    except SystemExit:
        return
    except BaseException:
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self)))


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _no(*args: Any) -> bool:
    return False


# --- executors ---


class AtOnce(Executor):
    """Both executors of ``concurrent.futures``."""

    def __init__(
        self,
        max_workers: int | None = None,
        *args: Any,
        initializer: Callable[..., Any] | None = None,
        initargs: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        self._closed = False
        if initializer is not None:
            initializer(*initargs)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it; the future has its result."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is left to wait for."""
        self._closed = True


def _replace_executors() -> None:
    futures: Any = concurrent.futures
    for place in (futures, futures.thread):
        place.ThreadPoolExecutor = AtOnce
    for place in (futures, futures.process):
        place.ProcessPoolExecutor = AtOnce


# --- processes ---


class Finished:
    """What ``apply_async`` and its like give: a result that is there."""

    def __init__(self, function: Callable[[], Any], callback: Any = None, error_callback: Any = None) -> None:
        self._value: Any = None
        self._error: Exception | None = None
        try:
            self._value = function()
        except Exception as error:
            self._error = error
        told = callback if self._error is None else error_callback
        if told is not None:
            told(self._value if self._error is None else self._error)

    def get(self, timeout: float | None = None) -> Any:
        """The result.

        Raises:
            Exception: what the function raised.
        """
        if self._error is not None:
            raise self._error
        return self._value

    def wait(self, timeout: float | None = None) -> None:
        """It is there."""

    def ready(self) -> bool:
        """It is."""
        return True

    def successful(self) -> bool:
        """Whether the function raised nothing."""
        return self._error is None


class PoolAtOnce:
    """``multiprocessing.Pool`` and ``ThreadPool``."""

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., Any] | None = None,
        initargs: Iterable[Any] = (),
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if initializer is not None:
            initializer(*initargs)

    def apply(self, func: Callable[..., Any], args: Iterable[Any] = (), kwds: Any = None) -> Any:
        """Call it."""
        return func(*args, **(kwds or {}))

    def map(
        self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int | None = None
    ) -> list[Any]:
        """Call it for each."""
        return [func(item) for item in iterable]

    def starmap(
        self, func: Callable[..., Any], iterable: Iterable[Iterable[Any]], chunksize: int | None = None
    ) -> list[Any]:
        """Call it for each tuple of arguments."""
        return [func(*items) for items in iterable]

    def imap(self, func: Callable[..., Any], iterable: Iterable[Any], chunksize: int = 1) -> Iterator[Any]:
        """The same one by one."""
        return iter(self.map(func, iterable))

    imap_unordered = imap

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Iterable[Any] = (),
        kwds: Any = None,
        *callbacks: Any,
        **more: Any,
    ) -> Finished:
        """Call it; the result is there."""
        return Finished(lambda: self.apply(func, args, kwds), *callbacks, **more)

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        *callbacks: Any,
        **more: Any,
    ) -> Finished:
        """Call it for each; the results are there."""
        return Finished(lambda: self.map(func, iterable), *callbacks, **more)

    def starmap_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        chunksize: int | None = None,
        *callbacks: Any,
        **more: Any,
    ) -> Finished:
        """Call it for each tuple of arguments; the results are there."""
        return Finished(lambda: self.starmap(func, iterable), *callbacks, **more)

    close = join = terminate = _nothing

    def __enter__(self) -> PoolAtOnce:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is suppressed."""


def _replace_processes() -> None:
    kind: Any = multiprocessing.process.BaseProcess
    kind.start, kind.join, kind.is_alive = (lambda self: self.run()), _nothing, _no
    kind.terminate = kind.kill = kind.close = _nothing
    kind.exitcode = 0
    places: list[Any] = [multiprocessing, sys.modules.get("torch.multiprocessing")]
    for name, value in _OF_PROCESSES.items():
        setattr(multiprocessing.context.BaseContext, name, staticmethod(value))
        for place in filter(None, places):
            setattr(place, name, value)
    pools: Any = multiprocessing.pool
    pools.Pool = pools.ThreadPool = PoolAtOnce


# What processes share, as one process has it.
_OF_PROCESSES: dict[str, Any] = {
    "Pool": PoolAtOnce,
    **dict.fromkeys(("Queue", "JoinableQueue", "SimpleQueue"), queue.Queue),
    **{name: getattr(threading, name) for name in "Lock RLock Event Semaphore Condition Barrier".split()},
}


# --- event loops ---


def _replace_wakeups() -> None:
    loop: Any = asyncio.selector_events.BaseSelectorEventLoop
    loop._make_self_pipe = _without_pipe
    loop._close_self_pipe = _nothing


def _without_pipe(self: Any) -> None:
    self._ssock = self._csock = None
    self._internal_fds += 1
