"""From a free GPU to an open notebook: ``python -m benchmarks.turn`` writes ``benchmarks/turn.json``.

A real hub, the shipped proxy, one GPU and two students in Chromium (``one_gpu.py``), on a real Slurm and with
slots of one machine (the spawner ``system``). As root, beside nothing else. They take turns:

``own``      the spawner's own start on a free GPU, from the moment at which the server is submitted
``turn``     the same student waits on the page; from the moment at which the other's GPU is free: when
             Slurm's queue has its job for the last time, on one machine when the process that held it ends

Seconds to each of these, medians, and of each the ratio ``turn`` to ``own``:

``granted``  the scheduler, or the hub's queue, gives the GPU
``process``  the server's process is started
``ready``    the hub has had the server's first answer
``page``     the server's first page is in the browser
``notebook`` the unit's notebook can be read there

``notebook_to_ready`` is the student's open notebook to the server's own first answer, without a browser.
``told`` counts what becomes of the page in other ends (``told.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.settings import book_file
from tests import needs
from tests.hub.accounts import accounts
from tests.shared_python import shared_python
from tests.slurm import running_slurm

from . import told
from .one_gpu import EndOf, OutOfTheQueue, Room, Student, room, server_of, settle

TARGET = Path(__file__).with_name("turn.json")
NAMES = tuple(f"turn-{os.getpid()}-{number}" for number in (1, 2))
STEPS = ("granted", "process", "ready", "page", "notebook")
MORE = (
    "SlurmdTimeout=10\n"  # of slurm.conf: seconds until Slurm believes that a node is dead; its own are 300
)
WARM = 2  # first starts of each student, which fill caches and are not counted
Run = dict[str, float]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6, help="of a start and a turn, for each spawner")
    parser.add_argument("--starts", type=int, default=3, help="of each other end, with and without events")
    parser.add_argument("--spawner", choices=("slurm", "system"), action="append", help="this one alone")
    parser.add_argument("--end", choices=told.CASES, action="append", default=[], help="this one alone")
    asked = parser.parse_args()
    for name in asked.spawner or ["slurm", "system"]:
        for part in measure(name, asked.rounds, asked.starts, asked.end):
            _write(name, part)
    print(TARGET.read_text())


def measure(spawner: str, rounds: int, starts: int, ends: list[str]) -> Iterator[dict[str, Any]]:
    """All figures of one spawner, in parts."""
    yield {"date": datetime.now(UTC).isoformat(timespec="minutes"), "machine": _machine()}
    with opened(spawner) as there:
        if rounds:
            yield summary(turns(there, rounds))
            yield {"machine": _machine()}
        if starts:
            yield {"told": told.summary(told.ends(there, starts, ends))}


def _machine() -> dict[str, Any]:
    """Where it was measured, and how much else ran there."""
    load = round(os.getloadavg()[0], 1)
    return {"system": platform.platform(terse=True), "cores": os.cpu_count(), "load": load}


def _write(spawner: str, part: dict[str, Any]) -> None:
    """Put figures of a spawner into the file; those of the other one stay."""
    known = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    known[spawner] = known.get(spawner, {}) | part
    TARGET.write_text(json.dumps(known, indent=1) + "\n")


@contextmanager
def opened(spawner: str) -> Iterator[Room]:
    """A hub with that spawner, two accounts and a browser."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        python = stack.enter_context(shared_python())
        stack.enter_context(accounts(NAMES))
        slurm = stack.enter_context(running_slurm(1, MORE)) if spawner == "slurm" else None
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)
        yield stack.enter_context(room(folder, python, browser, NAMES, slurm))


def turns(there: Room, rounds: int) -> dict[str, list[Run]]:
    """In each round one student starts on the free GPU, the other waits for it; then they change."""
    runs: dict[str, list[Run]] = {"own": [], "turn": []}
    one, other = there.students
    for number in range(rounds + WARM):
        first = own(there, one)
        second = turn(there, one, other)
        if number >= WARM:
            runs["own"].append(first)
            runs["turn"].append(second)
        other.leave()
        there.stop(other)
        settle(there)
        one, other = other, one
    return runs


def own(there: Room, student: Student) -> Run:
    """A start on a free GPU; the server is left running."""
    student.ask()
    arrived, read = student.opens()
    if there.slurm is not None:
        job = there.job(student)
        begin, granted = there.logged("submitted", job), there.logged("granted", job)
    else:
        (use,) = GpuBook(book_file(there.hub.course)).open_uses()
        begin, granted = use.asked, use.granted or 0.0
    return _since(begin, granted, server_of(student.name)[1], there.up(begin), arrived, read)


def turn(there: Room, holder: Student, student: Student) -> Run:
    """The holder stops, whoever waits is let in."""
    held, process = there.job(holder) if there.slurm else "", server_of(holder.name)[0]
    student.ask()
    student.page.locator("#progress-message", has_text="next").wait_for(timeout=30_000)
    holder.leave()
    time.sleep(1 + 0.37 * (time.time() % 3))  # at no fixed distance from anybody's looks
    asked, end = time.time(), OutOfTheQueue(there.slurm, held) if there.slurm else EndOf(process)
    stopping = threading.Thread(target=there.stop, args=[holder])
    stopping.start()
    arrived, read = student.opens()
    stopping.join()
    begin = end.moment
    if there.slurm is not None:
        granted = there.logged("granted", there.job(student))
    else:
        (use,) = GpuBook(book_file(there.hub.course)).open_uses()
        granted = use.granted or 0.0
    steps = _since(begin, granted, server_of(student.name)[1], there.up(asked + 0.5), arrived, read)
    return {"stop": round(begin - asked, 2)} | steps


def _since(begin: float, *moments: float) -> Run:
    return {name: round(moment - begin, 2) for name, moment in zip(STEPS, moments, strict=True)}


def summary(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Medians of each step, and the ratios of medians."""
    own, turn = (
        {step: round(statistics.median(run[step] for run in runs[which]), 2) for step in STEPS}
        for which in ("own", "turn")
    )
    ratio = {step: round(turn[step] / own[step], 2) for step in ("ready", "page", "notebook")}
    ratio["notebook_to_ready"] = round(turn["notebook"] / own["ready"], 2)
    return {"own": own, "turn": turn, "ratio": ratio, "runs": runs}


if __name__ == "__main__":
    main()
