"""CPU time and memory of a process and all that it started.

Memory is the proportional set size (PSS), which divides pages among the processes that
share them: zygotes and their forks would otherwise be counted many times. Libraries that
programs outside the tree use at the same time are divided with those, too. It is sampled,
so a peak between two samples is missed. CPU time is that of the living processes and of
the children that they have waited for.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

import psutil

INTERVAL = 0.1  # seconds between two samples
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError)


def tree(pid: int) -> list[psutil.Process]:
    """A process and its descendants; empty where it has ended."""
    with suppress(*GONE):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree below ``pid``."""
    total = 0.0
    for process in tree(pid):
        with suppress(*GONE):
            total += sum(process.cpu_times()[:4])  # own user and system, children's user and system
    return total


def memory_mib(pid: int) -> float:
    """PSS of the tree below ``pid``; RSS where the kernel does not tell it."""
    total = 0
    for process in tree(pid):
        with suppress(*GONE):
            found = process.memory_full_info()
            total += getattr(found, "pss", 0) or found.rss
    return total / 2**20


class PeakMemory:
    """Samples the memory of a tree in a thread while the ``with`` block runs."""

    def __init__(self, pid: int, interval: float = INTERVAL) -> None:
        self.mib = 0.0
        self._pid = pid
        self._interval = interval
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.mib = max(self.mib, memory_mib(self._pid))
            if self._end.wait(self._interval):
                return
