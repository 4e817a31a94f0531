"""When a server ends, in one variable, whatever starts it.

Nobody who starts a server knows the moment at which it will run: it waits in Slurm's queue, for a GPU, for a
node. So the hub says ``+SECONDS``, to be counted from the server's own start; what knows the moment itself,
such as a Slurm job, says that, in seconds since 1970. JupyterLab asks how much is left (``lab_tools.py``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

END = "COURSE_SERVER_END"  # the variable
SLURM_END = "SLURM_JOB_END_TIME"  # Slurm's own, since 22.05


def end_after(seconds: float) -> dict[str, str]:
    """What a server finds in its environment that ends so many seconds after its start."""
    return {END: f"+{round(seconds)}"}


def runs_for(environment: Mapping[str, str]) -> float | None:
    """Seconds that a server with this environment runs from its start; None where they are not known."""
    said = str(environment.get(END, "")).removeprefix("+")
    return float(said) if said.isdigit() else None


def end_of_job(environment: Mapping[str, str]) -> dict[str, str]:
    """The same inside a Slurm job, which began before its server did; nothing where Slurm does not say."""
    said = environment.get(SLURM_END, "")
    return {END: said} if said.isdecimal() and int(said) else {}


def seconds_left(environment: Mapping[str, str], started: float, now: float) -> float | None:
    """Until the server ends; 0 where that is over, None where it has no end.

    Args:
        environment: the server's.
        started: when the server was started, in seconds since 1970.
        now: the moment for which to say it, likewise.

    >>> seconds_left({"COURSE_SERVER_END": "+3600"}, started=1000.0, now=1600.0)
    3000.0
    """
    said = environment.get(END, "").strip()
    relative = said.startswith("+")
    try:
        end = float(said.removeprefix("+"))
    except ValueError:
        return None
    return max(0.0, end + (started if relative else 0.0) - now)


def started_here(process: Path = Path("/proc/self")) -> float:
    """When this process was started, in seconds since 1970; a change of the program does not count."""
    with (process / "stat").open(encoding="utf-8", errors="replace") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])  # since the machine's own start
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - since_boot + ticks / os.sysconf("SC_CLK_TCK")
