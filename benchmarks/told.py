"""Starts that end otherwise: how soon the page that waits tells it, and whether it stays at "starting".

``ready``     the server is up
``ended``     the server ends before it is up; from its own last moment
``node``      (Slurm) its node dies; from Slurm's word that it is down
``stopped``   Stop is pressed on the page, while the server starts
``left``      the same while it waits for its GPU
``elsewhere`` staff end it, while it waits for its GPU
``hub``       the hub is killed while it waits, and started again. On Slurm the page goes on waiting and opens
              the notebook when the GPU is free; on one machine it says that the server does not start

Each with the hub's stream of events, and with a browser that hears none of them (``silent``). Seconds from
the moment itself until the page's heading is another one; one that says "starting" a minute later stays.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import TimeoutError as Unchanged

from autograder.hub.people.departures import stop_server
from tests.waiting import until

from .one_gpu import Room, Student, settle

HEADING = "Your server is starting"
PATIENCE = 60.0  # seconds after which a page is said to stay at it
BREAKS = """
import os, sys, time
from pathlib import Path
print("no room is left", file=sys.stderr, flush=True)
Path.home().joinpath("ended").write_text(repr(time.time()))
os._exit(3)
"""
SLOW = "import time\ntime.sleep(600)\n"
End = dict[str, Any]


def ends(there: Room, count: int, names: Collection[str] = ()) -> list[End]:
    """Each of them, or those alone, as often as that, with and without events."""
    found = []
    for name, case in CASES.items():
        if (names and name not in names) or (name == "node" and there.slurm is None):
            continue
        for silent in (False, True):
            for _ in range(count):
                _, student = there.students
                with _events(student, silent), _settings(student):
                    seconds = case(there, student)
                    found.append({"end": name, "silent": silent, "seconds": seconds, "says": _says(student)})
                    student.leave()
                for each in there.students:
                    there.stop(each)
                settle(there)
    return found


def summary(found: list[End]) -> dict[str, Any]:
    """The longest of each end, and how many pages stayed."""
    told = [end for end in found if end["seconds"] is not None]
    longest = {
        f"{name}{', silent' * silent}": max(end["seconds"] for end in told if key(end) == (name, silent))
        for name, silent in dict.fromkeys(map(key, told))
    }
    words = {end["end"]: end["says"] for end in found}
    return {"starts": len(found), "stay": len(found) - len(told), "longest_seconds": longest, "says": words}


def key(end: End) -> tuple[str, bool]:
    """Of which kind an end was."""
    return end["end"], end["silent"]


def _ready(there: Room, student: Student) -> float | None:
    before = time.time()
    student.ask()
    return _told(student, lambda: there.up(before))


def _ended(there: Room, student: Student) -> float | None:
    (_home(student) / "ended").unlink(missing_ok=True)
    _configure(student, BREAKS)
    student.ask()
    return _told(student, lambda: float((_home(student) / "ended").read_text()))


def _node(there: Room, student: Student) -> float | None:
    assert there.slurm is not None
    _configure(student, SLOW)
    student.ask()
    student.page.locator("#progress-message", has_text="JupyterLab starts").wait_for(timeout=30_000)
    killed = time.time()
    there.slurm.kill_node()
    down = until(lambda: there.logged("down", after=killed), "word that the node is down", 90)
    seconds = _told(student, lambda: down)
    there.slurm.start_node()
    return seconds


def _stopped(there: Room, student: Student) -> float | None:
    _configure(student, SLOW)
    student.ask()
    return _press_stop(student)


def _left(there: Room, student: Student) -> float | None:
    _wait(there, student)
    return _press_stop(student)


def _elsewhere(there: Room, student: Student) -> float | None:
    _wait(there, student)
    moment = time.time()
    stop_server(there.hub.course, student.name)
    return _told(student, lambda: moment)


def _hub(there: Room, student: Student) -> float | None:
    _wait(there, student)
    there.hub.kill()
    there.hub.start()
    moment = time.time()
    if there.slurm is not None:
        holder, before = there.students[0], time.time()
        there.stop(holder)
        return _told(student, lambda: there.up(before))
    return _told(student, lambda: moment)


CASES: dict[str, Callable[[Room, Student], float | None]] = {
    "ready": _ready, "ended": _ended, "node": _node, "stopped": _stopped, "left": _left,
    "elsewhere": _elsewhere, "hub": _hub,
}  # fmt: skip


def _wait(there: Room, student: Student) -> None:
    """The other one holds the GPU, this one waits for it."""
    holder, _ = there.students
    holder.ask()
    holder.opens()
    holder.leave()
    student.ask()
    student.page.get_by_role("heading", name=HEADING).wait_for()
    time.sleep(2)


def _press_stop(student: Student) -> float | None:
    student.page.get_by_role("heading", name=HEADING).wait_for()
    time.sleep(2)
    moment = time.time()
    student.page.click("#stop-server-btn")
    return _told(student, lambda: moment)


def _told(student: Student, moment: Callable[[], float]) -> float | None:
    """Seconds until the page says another thing; None where it stays as it is."""
    changed = f"() => !document.body?.innerText.includes({HEADING!r}) && document.readyState != 'loading'"
    try:
        student.page.wait_for_function(changed, timeout=PATIENCE * 1000, polling=50)
    except Unchanged:
        return None
    now = time.time()
    return round(max(0.0, now - moment()), 2)


def _says(student: Student) -> str:
    student.page.wait_for_load_state()
    heading = student.page.locator("h1").first
    return heading.inner_text().strip() if heading.count() else student.page.title()


def _home(student: Student) -> Path:
    return Path(f"~{student.name}").expanduser()


def _configure(student: Student, text: str) -> None:
    folder = _home(student) / ".jupyter"
    folder.mkdir(exist_ok=True)
    shutil.chown(folder, student.name, student.name)
    (folder / "jupyter_server_config.py").write_text(text)


@contextmanager
def _settings(student: Student) -> Iterator[None]:
    """The student's own are gone afterwards."""
    yield
    (_home(student) / ".jupyter" / "jupyter_server_config.py").unlink(missing_ok=True)


@contextmanager
def _events(student: Student, silent: bool) -> Iterator[None]:
    """Something on the way keeps the hub's events back."""
    kept: list[Any] = []
    if silent:
        student.page.route("**/server/progress*", lambda route: kept.append(route))
    yield
    student.page.unroute_all(behavior="ignoreErrors")
