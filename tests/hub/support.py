"""A hub for tests: started as its operator would, on free ports, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from autograder.base.files import write_private
from autograder.course import Course, Unit, load_course
from autograder.exchange.client.trees import read_tree
from autograder.hub.people import passwords
from autograder.hub.process.options import hub_folder
from autograder.hub.servers.formgrader import build_missing
from autograder.marks.roster import Member, add, roster_file
from autograder.notebook.release import RELEASED
from autograder.unit.release import Built, publish
from tests.support import LITTLE, ROOT

PEOPLE = (
    Member("instructor", "instructor"),
    Member("ta-001", "ta"),
    Member("student-001", "student"),
    Member("student-002", "student"),
)
LOOK = 0.25  # seconds; who asks more often keeps a hub that starts from starting
CHEAP = (2**4, 8, 1)  # a hash says what it cost; a real one takes a third of a second at each log-in
PARTS = ("course_config.py", "nbgrader_config.py", "assignments", "solutions", "release")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def copy_course(folder: Path, original: Path = ROOT) -> Course:
    """A course in a folder of its own, with a roster and data of its own; this one where none is named."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = original / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / part)
    return load_course(folder)


def little_with(folder: Path, more: str) -> Path:
    """The folder of the little course, with more below its configuration."""
    original = shutil.copytree(LITTLE, folder / "original")
    with (original / "course_config.py").open("a") as file:
        file.write(more)
    return original


def _built(unit: Unit) -> Built:
    """What lies in the repository: ``tests/unit`` holds that it is what would be built."""
    files = read_tree(unit.release)
    return Built(unit.name, json.loads(files[RELEASED])["version"], files)


class RunningHub:
    """``course hub`` as a process group; ``with`` ends all of it."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        members: tuple[Member, ...] = PEOPLE,
        environment: dict[str, str] | None = None,
        original: Path = ROOT,
        first: bool = False,
        python: Path = Path(sys.executable),
        built: bool = True,
    ) -> None:
        self.python, self.built = python, built
        self.course = copy_course(folder, original)
        if original == ROOT:  # else each hub would build ten units; a test may still change a smaller course
            for unit in self.course.units:
                publish(self.course, unit, _built(unit))
        add(roster_file(self.course), members)
        self.passwords = _passwords(self.course, [member.username for member in members], first)
        self.environment = environment or {}
        self.arguments, self.port = arguments, free_port()
        self.passed: tuple[int, ...] = ()  # file descriptors for the hub
        self.log = folder / "hub.log"
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> RunningHub:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Start, and wait for the services; the seconds until the login page was there.

        Units are built before, where nothing else was asked for: formgrader would do it, and the exchange's
        workers, which had begun without, would begin anew.
        """
        if self.built:
            build_missing(load_course(self.course.root))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
        environment |= self.environment
        begin = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.course.root, stdout=log, stderr=log, env=environment,
                start_new_session=True, pass_fds=self.passed,
            )  # fmt: skip
        self._wait(self._has_login_page, "login page")
        seconds = time.monotonic() - begin
        self._wait(self._has_services, "services")
        return seconds

    def command(self) -> list[str]:
        """What its operator types."""
        program = self.python.with_name("course")
        return [str(program), "hub", "--port", str(self.port), *self.arguments]

    def _wait(self, there: Callable[[], bool], what: str, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended:\n{self.log.read_text()[-4000:]}")
            with suppress(httpx.HTTPError):
                if there():
                    return
            time.sleep(LOOK)
        raise AssertionError(f"no {what} after {seconds} s:\n{self.log.read_text()[-4000:]}")

    def _has_login_page(self) -> bool:
        with self.client(follow_redirects=True) as client:
            page = client.get(f"{self.url}/hub/login", timeout=5).text
        return "username_input" in page or "Sign in with" in page

    def _has_services(self) -> bool:
        """Exchange and formgrader answer, if only to ask who one is."""
        places = (f"{self.service('exchange')}/api/health", f"{self.service(self.course.name)}/")
        with self.client() as client:
            return all(client.get(place, timeout=5).status_code < 500 for place in places)

    def service(self, name: str) -> str:
        """The address of a service."""
        return f"{self.url}/services/{name}"

    def origin(self, name: str) -> str:
        """The origin of a person's own server."""
        return self.url

    def client(self, **more: Any) -> httpx.Client:
        """A client that reaches this hub."""
        return httpx.Client(timeout=60, **more)

    def kill(self) -> None:
        """``kill -9`` of the hub's own process, nothing else."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop the hub, and what is left of everything that it started."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in processes_below(self.course.data_folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def browserless(self, username: str) -> httpx.Client:
        """A client that is logged in as that person."""
        client = self.client(base_url=self.url, follow_redirects=True)
        self.log_in(client, username, self.passwords[username])
        return client

    def token(self, client: httpx.Client, username: str) -> str:
        """A token of the person's own, as the page 'Tokens' makes it."""
        found = re.search(r'"?xsrf_token"?\s*[:=]\s*"([^"]+)"', client.get("/hub/token").text)
        assert found is not None, "the hub's page of tokens has another form"
        answer = client.post(
            f"/hub/api/users/{username}/tokens?_xsrf={found[1]}",
            json={},
            headers={"Referer": f"{self.url}/hub/token"},
        )
        assert answer.status_code in (200, 201), answer.text
        token: str = answer.json()["token"]
        return token

    def log_in(self, client: httpx.Client, username: str, password: str) -> httpx.Response:
        """Fill the login form."""
        page = client.get("/hub/login").text
        token = re.search(r'name="_xsrf" value="([^"]*)"', page)
        data = {"username": username, "password": password, "_xsrf": token.group(1) if token else ""}
        return client.post("/hub/login?next=%2Fhub%2Fhome", data=data)


def _passwords(course: Course, names: list[str], first: bool) -> dict[str, str]:
    """Passwords by username: as their people chose them, or first ones, as they are handed out."""
    file = hub_folder(course) / "passwords"
    chosen = {name: passwords.first_password() for name in names}
    hashes = {
        name: replace(passwords.hash_password(word, CHEAP), first=first) for name, word in chosen.items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, "".join(f"{name}:{known}\n" for name, known in hashes.items()))
    return chosen


def processes_below(folder: Path) -> list[int]:
    """Processes whose environment names that data folder: servers that outlive their hub."""
    found = []
    needle = str(folder).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if needle in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found
