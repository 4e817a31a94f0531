"""A course with one small unit, its exchange as a real service, and people with tokens."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from autograder.course import Course
from autograder.demo.solving import solved
from autograder.exchange.service.app import make_app
from autograder.exchange.service.identity import HubIdentity
from autograder.exchange.service.login import HubLogin
from autograder.exchange.store.desk import Desk

from .hub import StandIn

PREFIX = "/services/exchange/"
ENGINE = Path(__file__).parents[2]


@dataclass
class Stage:
    """A running service and the hub that stands behind it."""

    course: Course
    hub: StandIn
    url: str  # ends with the prefix
    desk: Desk | None = None  # where the service runs in this process
    app: Any = None
    _clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None) -> httpx.Client:
        """An HTTP client with a token of its own."""
        headers = {"Authorization": f"token {token}"} if token else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        self._clients.append(client)
        return client

    def student(self, name: str = "student-001") -> httpx.Client:
        """A student of the course."""
        return self.client(self.hub.token(name, f"nbgrader-{self.course.name}"))

    def staff(self, name: str = "ta-1") -> httpx.Client:
        """A member of staff."""
        return self.client(self.hub.token(name, f"formgrade-{self.course.name}"))

    def instructor(self, name: str = "teacher-1") -> httpx.Client:
        """One who may do everything that staff do."""
        groups = (f"formgrade-{self.course.name}", f"instructor-{self.course.name}")
        return self.client(self.hub.token(name, *groups))

    def close(self) -> None:
        """Close all clients."""
        for client in self._clients:
            client.close()


def notebook(course: Course, *tasks: str, wrong: bool = False) -> bytes:
    """The small unit's notebook with some tasks solved (all where none is named)."""
    unit = course.units[0]
    release = json.loads(unit.released_notebook.read_text())
    text = unit.reference.read_text()
    if wrong:
        text = text.replace("axis=1, keepdims=True)", "axis=0, keepdims=True)")
    return json.dumps(solved(release, text, tasks or None)).encode()


def files(**contents: bytes) -> dict[str, Any]:
    """An upload as JSON; underscores before ``ipynb`` become a dot."""
    return {"files": [packed(name.replace("_ipynb", ".ipynb"), body) for name, body in contents.items()]}


def packed(path: str, content: bytes) -> dict[str, str]:
    """One file of an upload."""
    return {"path": path, "content": base64.b64encode(content).decode()}


def release(stage: Stage) -> None:
    """Release the unit as staff do."""
    unit = stage.course.units[0]
    names = sorted(path for path in unit.release.rglob("*") if path.is_file())
    body = {"files": [packed(p.relative_to(unit.release).as_posix(), p.read_bytes()) for p in names]}
    stage.instructor().put(f"api/units/{unit.name}/release", json=body).raise_for_status()


def settle(client: httpx.Client, attempt: str, seconds: float = 60) -> dict[str, Any]:
    """Wait until an attempt does not wait any more."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        state = client.get(f"api/attempts/{attempt}").json()
        if state["state"] not in ("waiting", "grading"):
            return state
        time.sleep(0.1)
    raise AssertionError(f"still {state['state']} after {seconds} s")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(parent: int, role: str) -> list[int]:
    """Process ids of a service's children in a role."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat, command = (entry / "stat").read_text(), (entry / "cmdline").read_text()
        except OSError:
            continue  # it has ended meanwhile
        if int(stat.rpartition(")")[2].split()[1]) == parent and f"\0{role}\0" in command:
            found.append(int(entry.name))
    return found


@contextmanager
def in_this_process(course: Course, hub: StandIn, desk: Desk, monkeypatch: Any) -> Iterator[Stage]:
    """The web server in a thread, without workers."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    for name, value in hub.environment(origin).items():
        monkeypatch.setenv(name, value)
    app = make_app(desk, HubIdentity(), HubLogin(), PREFIX)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    stage = Stage(course, hub, origin + PREFIX, desk, app)
    try:
        _wait_for(stage)
        yield stage
    finally:
        stage.close()
        server.should_exit = True
        thread.join()


class Service:
    """``course exchange`` as a process of its own, which can be killed and started again."""

    def __init__(
        self, course: Course, hub: StandIn, workers: int = 1, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.port, self.workers = free_port(), workers
        origin = f"http://127.0.0.1:{self.port}"
        self.stage = Stage(course, hub, origin + PREFIX)
        self._environment = {
            **{name: value for name, value in environment.items() if not name.startswith("JUPYTERHUB")},
            **hub.environment(origin),
            "COURSE_ROOT": str(course.root),
            "COURSE_DATA": str(course.data_folder),
            "PYTHONPATH": str(ENGINE),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-P",
            "-c",
            "from autograder.cli import main; main()",
            "exchange",
            "--workers",
            str(self.workers),
        ]
        self.stage.course.data_folder.mkdir(parents=True, exist_ok=True)
        log = (self.stage.course.data_folder / "service.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, env=self._environment, cwd=self.stage.course.root, stdout=log, stderr=log
            )
        _wait_for(self.stage, 60)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it as an operator would."""
        self.stage.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)


def _wait_for(stage: Stage, seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            if httpx.get(f"{stage.url}api/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service does not answer")
