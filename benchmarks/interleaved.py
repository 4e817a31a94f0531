"""Floor, empty and course with one job, a few submissions in turn, each in a process of its own.

Each runs through a few submissions before it is the next one's turn: as in a batch, where a submission
follows the one before it, it does not find the processor's caches filled by another program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .processes import PeakMemory, cpu_seconds
from .sample import Sample

AT_A_TURN = 8


@dataclass(frozen=True)
class Round:
    """One system, every submission once."""

    start: float  # seconds until the first submission after the warm-up
    seconds: tuple[float, ...]  # per submission
    scores: tuple[tuple[float | None, float], ...]  # (score, bonus) per submission
    gradebook: float  # seconds for all
    cpu: float  # seconds of all processes for all submissions, without the start

    @property
    def mean(self) -> float:
        """Seconds per submission, the gradebook's share included."""
        return (sum(self.seconds) + self.gradebook) / len(self.seconds)

    def middle(self, numbers: Iterable[int]) -> float:
        """The median of some submissions' seconds, counted from 0, without the gradebook."""
        return median(self.seconds[number] for number in numbers)


class Worker:
    """A running ``benchmarks.worker``."""

    def __init__(self, system: str, sample_file: Path) -> None:
        begun = time.perf_counter()
        command = [sys.executable, "-P", "-m", "benchmarks.worker", system, str(sample_file)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.ask("0")
        self.start = time.perf_counter() - begun
        self._cpu_at_start = cpu_seconds(self.pid)
        self.replies: list[dict[str, Any]] = []

    def ask(self, word: str) -> dict[str, Any]:
        """Send a line, return the answer.

        Raises:
            RuntimeError: the process ended.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of the benchmark ended (exit status {self._process.wait()})")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def grade(self, number: int) -> None:
        """Grade one entry and keep the answer."""
        self.replies.append(self.ask(str(number)))

    def finish(self) -> Round:
        """Write the gradebook and end."""
        gradebook = self.ask("gradebook")["seconds"]
        cpu = cpu_seconds(self.pid) - self._cpu_at_start
        self._process.communicate()
        seconds = tuple(reply["seconds"] for reply in self.replies)
        scores = tuple((reply["score"], reply["bonus"]) for reply in self.replies)
        return Round(self.start, seconds, scores, gradebook, cpu)


def run_round(sample: Sample, sample_file: Path, systems: Sequence[str]) -> dict[str, Round]:
    """Every submission by each system: some by one, then by the next; who is first changes with each turn."""
    workers = {system: Worker(system, sample_file) for system in systems}
    order = deque(workers.values())
    numbers = range(1, len(sample.entries) + 1)
    for start in numbers[::AT_A_TURN]:
        for worker in order:
            for number in numbers[start - 1 : start - 1 + AT_A_TURN]:
                worker.grade(number)
        order.rotate()
    return {system: worker.finish() for system, worker in workers.items()}


def peak_memory(system: str, sample_file: Path, submissions: int) -> float:
    """MiB of one system; measured by itself, since sampling takes time."""
    worker = Worker(system, sample_file)
    with PeakMemory(worker.pid, interval=0.02) as peak:
        for number in range(1, submissions + 1):
            worker.grade(number)
    worker.finish()
    return peak.mib
