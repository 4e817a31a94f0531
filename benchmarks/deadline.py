"""The deadline: a class hands in ``conv_layer`` within minutes, each student with a client of his own.

``python -m benchmarks.deadline --students 600 --minutes 10`` starts the exchange as the hub does
(real processes, real HTTP, a stand-in answers for the hub), lets the students arrive ever more
often towards the end, and has each ask every second or two for his result. Prints one JSON
object; exit code 1 where something was refused, lost or doubled, or feedback was slow. With
``--attacked`` one more student tries to exhaust the exchange meanwhile (``attacker.py``); ``--write`` puts
the figures into ``benchmarks/deadline.json``, or ``deadline-attacked.json``, with the date.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from autograder.course import Course, Unit, load_course
from autograder.demo import Simulated, simulate_class
from autograder.judge.secret import publish_secret
from autograder.results.store import read_results
from tests.exchange.hub import StandIn, standing_in
from tests.exchange.stage import Service, children, packed

from . import neighbours

ROOT = Path(__file__).parents[1]
UNIT = "conv_layer"
ALLOWED, ALLOWED_ATTACKED = 30.0, 15.0  # seconds to feedback, for 95 of 100
ATTACKER = "student-000"
PATIENCE = 300.0  # seconds after the deadline until a submission is called lost


@dataclass(frozen=True)
class Told:
    """What one student lived through; seconds from pressing the button."""

    student: str
    attempt: str
    accepted: float
    feedback: float
    score: float | None


@dataclass(frozen=True)
class Figures:
    """The outcome; times are seconds."""

    students: int
    minutes: float
    workers: int
    kills: int
    servers: int
    accepted: int
    graded: int
    lost: int
    doubled: int
    accepted_p95: float
    feedback_median: float
    feedback_p95: float
    feedback_longest: float
    peak_mib: float = 0.0  # of the web server's memory
    attacked: dict[str, dict[str, int]] = field(default_factory=dict)  # how often what was answered, by kind

    @property
    def good(self) -> bool:
        """True where all was accepted and graded once, and feedback was quick."""
        whole = self.accepted == self.graded == self.students and not (self.lost or self.doubled)
        return whole and self.feedback_p95 <= (ALLOWED_ATTACKED if self.attacked else ALLOWED)


def rehearse(
    students: int,
    minutes: float,
    workers: int,
    kills: int = 0,
    servers: int = 0,
    attacked: bool = False,
    seed: int = 1,
) -> Figures:
    """Run the deadline on a copy of this course.

    Args:
        students: how many hand in.
        minutes: within which time.
        workers: grading processes.
        kills: how many times a worker is killed on the way.
        servers: single-user servers of a real hub that run beside.
        attacked: whether one more student tries to exhaust the exchange.
        seed: of arrivals.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        neighbours.servers(servers, Path(folder) / "hub") as beside,
        standing_in() as hub,
    ):
        course = _copy(Path(folder) / "course")
        unit = course.unit(UNIT)
        people = simulate_class(course, unit, students)
        service = Service(course, hub, workers)
        try:
            service.start()
            _release(service, unit)
            with _attacker(service, hub, minutes * 60 + 10) if attacked else nullcontext({}) as tried:
                told = asyncio.run(_class(service, hub, people, minutes * 60, kills, random.Random(seed)))
            return _figures(service, course, unit, told, minutes, kills, len(beside), tried)
        finally:
            service.stop()


async def _class(
    service: Service, hub: StandIn, people: list[Simulated], seconds: float, kills: int, rng: random.Random
) -> list[Told]:
    tokens = [hub.token(person.student, f"nbgrader-{service.stage.course.name}") for person in people]
    moments = [seconds * math.sqrt(rng.random()) for _ in people]  # twice as many a minute at the end
    students = [
        _student(service.stage.url, token, person, moment, rng.uniform(1.0, 2.0))
        for token, person, moment in zip(tokens, people, moments, strict=True)
    ]
    killer = asyncio.create_task(_kill(service, kills, seconds))
    told = await asyncio.gather(*students)
    await killer
    return list(told)


async def _student(url: str, token: str, person: Simulated, moment: float, patience: float) -> Told:
    await asyncio.sleep(moment)
    headers = {"Authorization": f"token {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        begun = time.monotonic()
        body = {"files": [packed(f"{UNIT}.ipynb", person.content)], "key": person.student}
        answer = await _ask(client, "POST", f"api/units/{UNIT}/attempts", body)
        accepted = time.monotonic() - begun
        if answer.status_code != 201:
            return Told(person.student, "", accepted, math.inf, None)
        attempt = answer.json()["id"]
        while time.monotonic() - begun < PATIENCE:
            state = (await _ask(client, "GET", f"api/attempts/{attempt}")).json()
            if state["state"] == "graded":
                await _ask(client, "GET", f"api/attempts/{attempt}/result")
                return Told(person.student, attempt, accepted, time.monotonic() - begun, state["score"])
            await asyncio.sleep(patience)
    return Told(person.student, attempt, accepted, math.inf, None)


async def _ask(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> httpx.Response:
    """One request, sent again where the connection broke, as our own client does."""
    for wait in (0.5, 1.0, 2.0, 4.0):
        try:
            return await client.request(method, path, json=body)
        except httpx.TransportError as error:
            print(f"{method} {path}: {type(error).__name__}, sent again", file=sys.stderr)
            await asyncio.sleep(wait)
    return await client.request(method, path, json=body)


async def _kill(service: Service, kills: int, seconds: float) -> None:
    for _ in range(kills):
        await asyncio.sleep(seconds / (kills + 1))
        assert service.process is not None
        for pid in children(service.process.pid, "worker")[:1]:
            os.kill(pid, signal.SIGKILL)


def _figures(
    service: Service,
    course: Course,
    unit: Unit,
    told: list[Told],
    minutes: float,
    kills: int,
    servers: int,
    attacked: dict[str, dict[str, int]],
) -> Figures:
    every = service.stage.staff().get(f"api/units/{unit.name}/submissions").json()
    lines = [line for line in every if line["student"] != ATTACKER]
    written = _written(course, unit, len(told))
    waits = sorted(one.feedback for one in told)
    return Figures(
        students=len(told),
        minutes=minutes,
        workers=service.workers,
        kills=kills,
        servers=servers,
        accepted=sum(bool(one.attempt) for one in told),
        graded=sum(one.score is not None for one in told),
        lost=len({one.attempt for one in told} - {line["id"] for line in lines}) + len(told) - written,
        doubled=len(lines) - len({line["student"] for line in lines}),
        accepted_p95=_share(sorted(one.accepted for one in told), 0.95),
        feedback_median=round(statistics.median(waits), 2),
        feedback_p95=_share(waits, 0.95),
        feedback_longest=round(waits[-1], 2),
        peak_mib=_peak_mib(service),
        attacked=attacked,
    )


def _peak_mib(service: Service) -> float:
    assert service.process is not None
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)


@contextmanager
def _attacker(service: Service, hub: StandIn, seconds: float) -> Iterator[dict[str, dict[str, int]]]:
    """One more student, in a process of its own, who begins before the class; what was tried, at the end."""
    token = hub.token(ATTACKER, f"nbgrader-{service.stage.course.name}")
    hub.next_login = token
    command = [sys.executable, "-m", "benchmarks.attacker", service.stage.url, token, str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    tried: dict[str, dict[str, int]] = {}
    time.sleep(5)
    try:
        yield tried
        tried.update(json.loads(process.communicate(timeout=seconds + 60)[0]))
    finally:
        process.kill()
        process.wait()


def _written(course: Course, unit: Unit, expected: int) -> int:
    """Result files of the class, once the publisher has had its time."""
    ends = time.monotonic() + 30
    while (found := _of_class(course, unit)) < expected and time.monotonic() < ends:
        time.sleep(0.5)
    return found


def _of_class(course: Course, unit: Unit) -> int:
    return sum(result.student != ATTACKER for result in read_results(course, unit.name))


def _share(values: list[float], share: float) -> float:
    return round(values[min(len(values) - 1, math.ceil(share * len(values)) - 1)], 2)


def _release(service: Service, unit: Unit) -> None:
    paths = sorted(path for path in unit.release.rglob("*") if path.is_file())
    body = {"files": [packed(p.relative_to(unit.release).as_posix(), p.read_bytes()) for p in paths]}
    service.stage.instructor().put(f"api/units/{unit.name}/release", json=body).raise_for_status()


def _copy(folder: Path) -> Course:
    """This course with a data folder of its own."""
    folder.mkdir()
    shutil.copy(ROOT / "course_config.py", folder)
    for name in ("assignments", "solutions", "release"):
        shutil.copytree(ROOT / name, folder / name)
    course = load_course(folder)
    publish_secret(course)  # whose papers are proven
    return course


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--kills", type=int, default=0, help="how often a worker is killed on the way")
    parser.add_argument("--servers", type=int, default=5, help="single-user servers that run beside")
    parser.add_argument("--attacked", action="store_true", help="one more student tries to exhaust it")
    parser.add_argument("--write", action="store_true", help="write the figures beside this file")
    asked = parser.parse_args()
    figures = rehearse(
        asked.students, asked.minutes, asked.workers, asked.kills, asked.servers, asked.attacked
    )
    text = json.dumps({"date": f"{datetime.now(UTC):%Y-%m-%d}"} | asdict(figures), indent=1)
    if asked.write:
        name = "deadline-attacked.json" if asked.attacked else "deadline.json"
        Path(__file__).with_name(name).write_text(text + "\n")
    print(text)
    sys.exit(0 if figures.good else 1)


if __name__ == "__main__":
    main()
