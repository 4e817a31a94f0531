"""Kills at random moments: which processes have a role, and how they end."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

from benchmarks.processes import GONE, tree

Kill = Callable[[], bool]  # False where there was nobody to kill
PATIENCE = 600.0  # seconds until there is somebody to kill: more than a worker needs to see that it hangs


def below(pid: int, role: str) -> list[psutil.Process]:
    """The processes of a role in a tree: of the exchange, of ``course grade``, or of their sandboxes."""
    found = []
    for process in tree(pid)[1:]:
        with suppress(*GONE):
            if role in _roles(process):
                found.append(process)
    return found


def _roles(process: psutil.Process) -> set[str]:
    """What a process is. All that is in a sandbox stands below bubblewrap."""
    words = process.cmdline()
    parents = process.parents()
    if process.name() == "bwrap" or any(each.name() == "bwrap" for each in parents):
        return {"sandbox"}
    if "autograder.exchange.service.serve" in words:
        return {words[words.index("autograder.exchange.service.serve") + 1]}
    spawned = "multiprocessing.forkserver" in " ".join(words)
    return {"worker"} if spawned and parents and "forkserver" in " ".join(parents[0].cmdline()) else set()


def kill_one(pid: int, role: str, rng: random.Random) -> bool:
    """End one process of a role, as a power cut would; False where there is none."""
    found = below(pid, role)
    if not found:
        return False
    with suppress(*GONE):
        rng.choice(found).kill()
        return True
    return False


def kill_each(
    roles: Mapping[str, Kill], times: int, rng: random.Random, pause: tuple[float, float]
) -> dict[str, int]:
    """Kill each role so many times, in random order, at random moments; returns how often.

    Args:
        roles: how one of each is killed.
        times: of each.
        rng: draws order and moments.
        pause: seconds between two, at least and at most.
    """
    order = [role for role in roles for _ in range(times)]
    rng.shuffle(order)
    for role in order:
        time.sleep(rng.uniform(*pause))
        end = time.monotonic() + PATIENCE
        while not roles[role]():
            assert time.monotonic() < end, f"no process of role {role} in {PATIENCE:.0f} s"
            time.sleep(0.02)
    return dict(Counter(order))
