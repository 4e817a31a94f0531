"""A real hub with one GPU, two students of the machine, and the Chromium in which they wait.

``slurm``   a real Slurm (``tests/slurm.py``), whose log says to the millisecond when a job began
``system``  slots of one machine, which the hub hands out itself
"""

from __future__ import annotations

import os
import re
import select
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from autograder.course import load_course
from autograder.exchange.client.service import Service
from autograder.hub.gpus.book import HOLD_SECONDS, GpuBook
from autograder.hub.gpus.settings import book_file
from autograder.hub.servers.ends import started_here
from autograder.marks.roster import Member
from autograder.unit.release import build, publish
from tests.e2e.people import Visitor
from tests.hub.support import ROOT, RunningHub
from tests.slurm import Slurm
from tests.waiting import until

UNIT = "little"
COURSE = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, profiles=(Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1)))
"""
SLURM_SITE = f"""
exec(compile(open({str(ROOT / "infra/slurm/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.Spawner.environment["SLURM_CONF"] = "@CONF@"
"""
SLURM_LOG = {
    "submitted": r"_slurm_rpc_submit_batch_job: JobId={job} ",
    "granted": r"(?:sched: Allocate|Started) JobId={job} ",
    "down": r"not responding, setting DOWN",
}
SERVERS = re.compile(rb"autograder\.hub\.servers\.(in_job|singleuser)")


class Student(Visitor):
    """Somebody in front of the browser; notes when the server's first page is there."""

    def __init__(self, browser: Any, hub: RunningHub, name: str) -> None:
        super().__init__(browser, hub, name, hub.course.root)
        self.page.on("response", self._answered)
        self.arrived = 0.0
        with closing(hub.browserless(name)) as client:
            self.token = hub.token(client, name)

    def ask(self) -> None:
        """Choose the profile with the GPU and start, on the way to the unit's notebook."""
        self.arrived = 0.0
        self.open(f"/hub/spawn/{self.name}?next=%2Fuser%2F{self.name}%2Fcourse%2F{UNIT}")
        self.page.check("#profile-gpu")
        self.page.click("#spawn_form [type=submit]")

    def opens(self) -> tuple[float, float]:
        """When the server's first page came, and when the notebook could be read."""
        self.page.locator(".jp-Notebook:visible .jp-Cell").first.wait_for(timeout=120_000)
        return self.arrived, time.time()

    def leave(self) -> None:
        """Close the page."""
        self.page.goto("about:blank")

    def _answered(self, answer: Any) -> None:
        ours = f"/user/{self.name}/lab" in answer.url and answer.status == 200
        if ours and answer.request.is_navigation_request() and not self.arrived:
            self.arrived = time.time()


class Room:
    """The hub, its one GPU and who wants it."""

    def __init__(self, hub: RunningHub, students: tuple[Student, ...], slurm: Slurm | None) -> None:
        self.hub, self.students, self.slurm = hub, students, slurm

    def ready(self, student: Student) -> bool:
        """Whether the hub says that the server is up."""
        return bool(self._asked("GET", student).json().get("servers", {}).get("", {}).get("ready"))

    def stop(self, student: Student) -> None:
        """End a server as its owner does by a token; the answer may come before its end."""
        self._asked("DELETE", student, "/server")

    def is_idle(self) -> bool:
        """Nobody has a server or waits for one, and the GPU is free."""
        if any(self._asked("GET", student).json().get("servers") for student in self.students):
            return False
        if self.slurm is not None:
            return not self.slurm.ask("squeue", "-h")
        return not GpuBook(book_file(self.hub.course)).open_uses()

    def job(self, student: Student) -> str:
        """The number of the student's job."""
        assert self.slurm is not None
        return self.slurm.ask("squeue", "-h", f"-u{student.name}", "-o", "%i").split("\n")[-1]

    def logged(self, what: str, job: str = "", after: float = 0.0) -> float:
        """When Slurm's controller said that, of a job, last; 0 where it has not since that moment."""
        assert self.slurm is not None
        form = re.compile(rf"^\[(\S+)\] .*{SLURM_LOG[what].format(job=job)}", re.MULTILINE)
        said = form.findall((self.slurm.folder / "log" / "slurmctld.log").read_text())
        moment = datetime.fromisoformat(said[-1]).timestamp() if said else 0.0
        return moment if moment > after else 0.0

    def up(self, after: float) -> float:
        """When the hub first had, after that moment, a server's answer and let people to it."""
        form = re.compile(r"^\[I (\S+ \S+) CourseHub .*Adding user \S+ to proxy", re.MULTILINE)
        for said in form.findall(self.hub.log.read_text()):
            moment = datetime.fromisoformat(said).timestamp()
            if moment > after:
                return moment
        ours = [line for line in self.hub.log.read_text().splitlines() if " CourseHub " in line]
        raise AssertionError("\n".join(["no server started:", *ours[-40:]]))

    def _asked(self, method: str, student: Student, more: str = "") -> httpx.Response:
        address = f"{self.hub.url}/hub/api/users/{student.name}{more}"
        headers = {"Authorization": f"token {student.token}"}
        answer = httpx.request(method, address, headers=headers, timeout=60)
        assert answer.is_success, answer.text
        return answer


@contextmanager
def room(
    folder: Path, python: Path, browser: Any, names: tuple[str, ...], slurm: Slurm | None
) -> Iterator[Room]:
    """A hub of the little course, whose unit is released; ``names`` are accounts of the machine."""
    original = shutil.copytree(ROOT / "tests" / "little", folder / "original")
    with (original / "course_config.py").open("a") as file:
        file.write(COURSE)
    options = ["--spawner", "system", "--gpus", "1"]
    if slurm is not None:
        site = folder / "site.py"
        site.write_text(SLURM_SITE.replace("@CONF@", slurm.environment["SLURM_CONF"]))
        options = ["--spawner", "slurm", "--hub-address", "127.0.0.1", "--config", str(site)]
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in names))
    hub = RunningHub(
        folder / "course", *options, members=members, original=original, python=python,
        environment=slurm.environment if slurm else None,
    )  # fmt: skip
    course = load_course(hub.course.root)
    publish(course, course.unit(UNIT), build(course, course.unit(UNIT)))
    with hub:
        with closing(hub.browserless("instructor")) as client:
            teacher = Service(hub.service("exchange"), hub.token(client, "instructor"))
        notebook = course.unit(UNIT).released_notebook
        teacher.release(UNIT, {notebook.name: notebook.read_bytes()}, force=False)
        yield Room(hub, tuple(Student(browser, hub, name) for name in names), slurm)


def server_of(name: str) -> tuple[int, float]:
    """The process of somebody's server, and when it was started."""
    needle = f"JUPYTERHUB_SERVICE_PREFIX=/user/{name}/\0".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            runs = SERVERS.search(command) and b"python" in command.partition(b"\0")[0]
            if runs and needle in (entry / "environ").read_bytes():
                return int(entry.name), started_here(entry)
        except OSError:
            continue
    raise AssertionError(f"{name} has no server")


class EndOf:
    """Notes when a process ends."""

    def __init__(self, pid: int) -> None:
        self.moment = 0.0
        self._process = os.pidfd_open(pid)
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        select.select([self._process], [], [])
        self.moment = time.time()
        os.close(self._process)


class OutOfTheQueue:
    """Notes when Slurm's queue has a job for the last time."""

    def __init__(self, slurm: Slurm, job: str) -> None:
        self.moment, self._slurm, self._job = 0.0, slurm, job
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while True:
            before = time.time()
            if not self._slurm.ask("squeue", "-h", "-j", self._job, "-o", "%T"):
                return
            self.moment = before


def settle(room: Room) -> None:
    """Wait until nobody has anything; after a kill of the hub a place is kept for two minutes."""
    until(room.is_idle, "idle machine", HOLD_SECONDS + 90)
