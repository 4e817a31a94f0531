"""Running another system's program: wall and CPU time, peak memory, and when its output began."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .processes import PeakMemory, cpu_seconds

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
PROJECT = Path(__file__).parents[1]
MEMORY_EVERY = 1.0  # seconds; a look at the memory of all processes takes some 20 ms of one core


@dataclass(frozen=True)
class Run:
    """One run of a program; seconds and MiB."""

    wall: float
    cpu: float
    peak_mib: float
    start: float = 0.0  # until the marked line of output
    start_cpu: float = 0.0
    output: str = ""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with the programs of its Python and one thread for every library."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, **ONE_THREAD, "PATH": path, "PYTHONPATH": str(PROJECT), **(extra or {})}


def program(name: str) -> str:
    """A console script of this environment."""
    return str(Path(sys.executable).with_name(name))


def run(command: list[str], cwd: Path, extra: Mapping[str, str], mark: str = "") -> Run:
    """Run a program to its end.

    Args:
        command: words.
        cwd: working directory.
        extra: environment variables.
        mark: a text; when a line of output first holds it, the start is over.

    Raises:
        RuntimeError: it failed; the message has the end of its output.
    """
    before, begun = _children_cpu(), time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment(extra), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    start = start_cpu = 0.0
    with PeakMemory(process.pid, MEMORY_EVERY) as peak:
        for line in process.stdout:
            if mark and not start and mark in line:
                start, start_cpu = time.perf_counter() - begun, cpu_seconds(process.pid)
            lines.append(line)
        process.wait()
    wall, cpu = time.perf_counter() - begun, _children_cpu() - before
    output = "".join(lines)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output[-3000:]}")
    if mark and not start:
        raise RuntimeError(f"{' '.join(command)} printed no line with {mark!r}:\n{output[-3000:]}")
    return Run(wall, cpu, peak.mib, start, start_cpu, output)


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system
