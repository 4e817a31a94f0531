"""The scenarios; each gives its figures, with what did not hold in ``wrong``."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.postgres import Server

from . import batch as batches
from .exchange import Exchange, soaked
from .kills import kill_each
from .notebooks import Notebooks

FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"  # Debian's place
JUMPS = ("+2h", "-26h", "+30d", "-3m", "-40d", "+0")  # from the true time, one after the other
DISK_MIB = 96  # of the file system that becomes full
FULL_SECONDS = 4.0
AWAY_SECONDS = 3.0


@dataclass(frozen=True)
class Scale:
    """How large the scenarios are."""

    submissions: int = 5000  # undisturbed, through the exchange and through ``course grade``
    beside: int = 500  # while something is disturbed, at least
    kills: int = 100  # of each role
    times: int = 10  # that the disk is full, the clock jumps, the database is gone
    pause: tuple[float, float] = (0.5, 3.0)  # seconds between two kills
    seed: int = 1


def exchange(notebooks: Notebooks, folder: Path, scale: Scale) -> dict[str, Any]:
    """Memory, files and processes stay where they are."""
    return soaked(notebooks, folder, scale.submissions)


def exchange_killed(notebooks: Notebooks, folder: Path, scale: Scale) -> dict[str, Any]:
    """The service, its workers, its publisher and what is in its sandboxes, at random moments."""
    rng = random.Random(scale.seed)

    def disturb(exchange: Exchange) -> dict[str, Any]:
        return {"killed": kill_each(exchange.roles(rng), scale.kills, rng, scale.pause)}

    return soaked(notebooks, folder, scale.beside, disturb)


def batch(notebooks: Notebooks, folder: Path, scale: Scale) -> dict[str, Any]:
    """The same of ``course grade``."""
    return batches.batch(notebooks, folder, scale.submissions)


def batch_killed(notebooks: Notebooks, folder: Path, scale: Scale) -> dict[str, Any]:
    """The command, its workers, and what is in their sandboxes, at random moments."""
    return batches.batch_killed(notebooks, folder, scale.beside, scale.kills, scale.pause, scale.seed)


def full_disk(notebooks: Notebooks, folder: Path, scale: Scale) -> dict[str, Any]:
    """The file system with the course and its data has no byte left, for seconds at a time."""

    def disturb(exchange: Exchange) -> dict[str, Any]:
        for _ in range(scale.times):
            time.sleep(FULL_SECONDS / 2)
            fill(folder, FULL_SECONDS)
        return {"full": scale.times}

    return soaked(notebooks, folder, scale.beside, disturb)


def clock_jumps(notebooks: Notebooks, folder: Path, scale: Scale, library: Path) -> dict[str, Any]:
    """The service's clock jumps by minutes and weeks, both ways; service and workers are killed, too."""
    said = folder / "clock"
    said.write_text("+0")
    rng = random.Random(scale.seed)

    def disturb(exchange: Exchange) -> dict[str, Any]:
        roles = {role: kill for role, kill in exchange.roles(rng).items() if role in ("service", "worker")}
        for number in range(scale.times):
            said.write_text(JUMPS[number % len(JUMPS)])
            kill_each(roles, 1, rng, scale.pause)
        said.write_text("+0")
        return {"jumps": scale.times}

    return soaked(
        notebooks,
        folder,
        scale.beside,
        disturb,
        LD_PRELOAD=str(library),
        FAKETIME_TIMESTAMP_FILE=str(said),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
    )


def database_gone(notebooks: Notebooks, folder: Path, scale: Scale, server: Server) -> dict[str, Any]:
    """PostgreSQL is stopped and started again."""

    def disturb(exchange: Exchange) -> dict[str, Any]:
        for _ in range(scale.times):
            time.sleep(AWAY_SECONDS)
            server.stop()
            time.sleep(AWAY_SECONDS)
            server.start()
        return {"gone": scale.times}

    return soaked(notebooks, folder, scale.beside, disturb, server.fresh())


def faketime() -> Path | None:
    """The library that moves a process's clock, where it is installed."""
    return next(iter(sorted(Path("/").glob(FAKETIME.lstrip("/")))), None)


@contextmanager
def small_disk(folder: Path, mib: int = DISK_MIB) -> Iterator[Path | None]:
    """A file system of that size at the folder; None where mounting is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, seconds: float) -> None:
    """Leave no byte free for that long, whatever others give back meanwhile."""
    ballast, end = folder / "ballast", time.monotonic() + seconds
    try:
        with ballast.open("wb", buffering=0) as file:
            while time.monotonic() < end:
                try:
                    while file.write(bytes(min(1 << 20, max(4096, shutil.disk_usage(folder).free)))):
                        pass
                except OSError:
                    time.sleep(0.02)
    finally:
        ballast.unlink(missing_ok=True)
