"""What a scenario leaves behind, and what its processes take while it runs."""

from __future__ import annotations

import ctypes
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.processes import GONE, memory_mib, tree

PR_SET_CHILD_SUBREAPER = 36
PARTS = 10  # of the run, in each of which a figure is the median
FLAT = (1.15, 24.0)  # of memory: the last part is at most so many times the third, or so many MiB more
ENDED = 120.0  # seconds in which all must have ended: who waits for a program that it has begun ends after it
LEFT_ALONE = ("course-cores-",)  # locks of the cores, which stay for the next run
OF_KILLED = ("course-", "pymp-")  # begin names of folders of sandboxes and of Python's own pools of processes


@dataclass
class Use:
    """Memory and open files of a tree of processes, sampled."""

    seconds: float = 0.0
    memory: list[float] = field(default_factory=list)  # MiB
    files: list[int] = field(default_factory=list)  # open in the process that stays

    def figures(self) -> dict[str, object]:
        """Medians by part, and the peaks."""
        parts = [round(part, 1) for part in by_part(self.memory)]
        return {"seconds": round(self.seconds, 1), "mib_by_part": parts, "files": by_part(self.files)}

    def wrong(self) -> Iterator[str]:
        """What grew; a run that is too short for its parts says nothing."""
        if len(self.memory) < 4 * PARTS:
            return
        parts, files = by_part(self.memory), by_part(self.files)
        if parts[-1] > max(FLAT[0] * parts[2], parts[2] + FLAT[1]):
            yield f"memory grew from {parts[2]:.0f} to {parts[-1]:.0f} MiB"
        if files[-1] > files[2] + 5:
            yield f"open files grew from {files[2]:.0f} to {files[-1]:.0f}"


def by_part(samples: list[float] | list[int]) -> list[float]:
    """The median of each part of the samples."""
    count = min(PARTS, len(samples))
    cuts = [len(samples) * number // max(count, 1) for number in range(count + 1)]
    return [float(statistics.median(samples[a:b])) for a, b in pairwise(cuts)]


@contextmanager
def sampled(pid_of: Callable[[], int], interval: float = 0.5) -> Iterator[Use]:
    """Sample a tree while the block runs; its process may be another one after a while."""
    use, end, begun = Use(), threading.Event(), time.monotonic()

    def sample() -> None:
        while not end.wait(interval):
            with suppress(*GONE):
                pid = pid_of()
                files = psutil.Process(pid).num_fds()
                use.memory.append(memory_mib(pid))
                use.files.append(files)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield use
    finally:
        end.set()
        thread.join()
        use.seconds = time.monotonic() - begun


@dataclass
class Left:
    """What was left behind."""

    wrong: list[str] = field(default_factory=list)
    folders: int = 0  # small ones, which only the process that was killed would have removed


@contextmanager
def nothing_left(temporary: Path, root: Path, seconds: float = ENDED) -> Iterator[Left]:
    """Look at the end for what the block has left behind.

    Whatever loses its parent becomes a child of this process meanwhile, so that none hides. A namespace
    lives as long as a process or a mount of it does, so these tell of it, too.
    """
    left = Left()
    children, mounts = _children(), _mounts()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield left
        left.wrong += _processes(children, seconds)
    finally:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)
    there = [each for each in temporary.iterdir() if not each.name.startswith(LEFT_ALONE)]
    left.folders = sum(map(_is_of_killed, there))
    left.wrong += [f"temporary: {each.name}" for each in there if not _is_of_killed(each)]
    own = (str(root), str(temporary))  # others mount elsewhere meanwhile
    new = sorted(line for line in _mounts() - mounts if any(place in line for place in own))
    left.wrong += [f"mounted: {line}" for line in new]
    left.wrong += [f"unfinished: {each.relative_to(root)}" for each in root.rglob("*.part")]


def _is_of_killed(folder: Path) -> bool:
    """Whether only the process that was killed would have removed it."""
    return folder.name.startswith(OF_KILLED)


def _processes(before: set[int], seconds: float) -> list[str]:
    """Processes that did not end in time."""
    end = time.monotonic() + seconds
    while left := [psutil.Process(pid) for pid in _children() - before if psutil.pid_exists(pid)]:
        left = [each for each in left if not _reaped(each)]
        if not left or time.monotonic() > end:
            return [f"process: {name_of(each)}" for each in left]
        time.sleep(0.1)
    return []


def _reaped(process: psutil.Process) -> bool:
    """Whether it is gone; one that has ended and is this process's is taken off the table."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return False
        if process.ppid() == os.getpid():
            with suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)
    except psutil.NoSuchProcess:
        pass
    return True


def name_of(process: psutil.Process) -> str:
    """Its name and the beginning of its command line."""
    with suppress(*GONE):
        return " ".join([process.name(), *process.cmdline()])[:120]
    return str(process.pid)


def _children() -> set[int]:
    return {each.pid for each in tree(os.getpid())[1:] if not _is_database(each)}


def _is_database(process: psutil.Process) -> bool:
    """Of the tests' own PostgreSQL, which a scenario may have started again."""
    with suppress(*GONE):
        return process.name() == "postgres"
    return False


def _mounts() -> set[str]:
    return set(Path("/proc/self/mounts").read_text().splitlines())
