"""A core for each judge, together with the sandbox beside it.

Judge and student's process take turns: never do both compute at once. On two cores every
call would wake a sleeping core, which costs more than most calls; on one core they hand over
in a few microseconds. A lock per core keeps judges of other commands away from it. Where
all are taken, or the system has no such calls, the kernel places the processes as ever.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class Core:
    """Keeps this thread, and what it starts from now on, on one core until it is released."""

    def __init__(self) -> None:
        self._lock = -1
        self._before: set[int] = set()
        if not hasattr(os, "sched_setaffinity"):
            return
        self._before = os.sched_getaffinity(0)
        for number in sorted(self._before):
            if (lock := _locked(number)) >= 0:
                self._lock = lock
                os.sched_setaffinity(0, {number})
                return

    @property
    def held(self) -> bool:
        """Whether a core was free."""
        return self._lock >= 0

    def release(self) -> None:
        """Leave the core to others; what was started meanwhile stays on it."""
        if self.held:
            with suppress(OSError):  # a core may have been taken away meanwhile
                os.sched_setaffinity(0, self._before)
            os.close(self._lock)
            self._lock = -1


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
