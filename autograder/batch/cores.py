"""A core for each judge, and where there is one to spare another for the sandbox beside it.

Judge and student's process talk often. Where each core has a judge of its own, both stay on one: there they
hand over in a few microseconds, and no other process is chased from its core. Where a judge is alone on a
machine with two cores, it judges on one what the student's code computes on the other.

A lock per core keeps judges of other commands away from it. Other accounts do not see it: they begin to look
for a core elsewhere. Where all are taken, or the system has no such calls, the kernel places the processes
as ever.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Core:
    """Keeps this thread, and what it starts from now on, on one core until it is released.

    Args:
        alone: no other judge is about to start: what is started in ``beside`` may take a core of its own.
    """

    def __init__(self, alone: bool = False) -> None:
        self._locks: dict[int, int] = {}  # number of a core -> its open lock; the first is the judge's own
        self._before: set[int] = set()
        if not hasattr(os, "sched_setaffinity"):
            return
        self._before = os.sched_getaffinity(0)
        for number in _in_turn(sorted(self._before), os.getuid()):
            if len(self._locks) <= alone and (lock := _locked(number)) >= 0:
                self._locks[number] = lock
        if self.held:
            os.sched_setaffinity(0, {self.numbers[0]})

    @property
    def held(self) -> bool:
        """Whether a core was free."""
        return bool(self._locks)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The judge's core, and the one beside it, as far as they were free."""
        return tuple(self._locks)

    @contextmanager
    def beside(self) -> Iterator[None]:
        """What this thread starts meanwhile stays on the core beside the judge's, if there is one."""
        if not self.held:
            yield
            return
        os.sched_setaffinity(0, {self.numbers[-1]})
        try:
            yield
        finally:
            with suppress(OSError):  # a core may have been taken away meanwhile
                os.sched_setaffinity(0, {self.numbers[0]})

    def release(self) -> None:
        """Leave the cores to others; what was started meanwhile stays on them."""
        if self.held:
            with suppress(OSError):  # a core may have been taken away meanwhile
                os.sched_setaffinity(0, self._before)
        for lock in self._locks.values():
            os.close(lock)
        self._locks.clear()


def _in_turn(numbers: list[int], first: int) -> list[int]:
    """The numbers from that place on, and then those before it."""
    start = first % len(numbers)
    return numbers[start:] + numbers[:start]


def _locked(number: int) -> int:
    """An open file that stands for a core that nobody else holds, or -1."""
    folder = Path(tempfile.gettempdir()) / f"course-cores-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
        if about.st_uid != os.getuid() or not stat.S_ISDIR(about.st_mode):
            return -1
        file = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return -1
        return file
    return -1
