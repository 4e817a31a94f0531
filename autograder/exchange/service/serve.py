"""Runs the exchange: the web server in this process, workers and the publisher as children.

Children are started again when they end, after a short wait; what a dead worker held is
freed at once. A child ends by itself when this process is gone. It is this file, too, run as
``python -m autograder.exchange.service.serve ROLE NAME TIER PARENT``; so what only the web server needs
is imported where it is used.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ...base.tied import end_with
from ...course import Course, load_course
from ...marks.log_names import hide_names
from ...marks.roster import roster_file
from ..store import queue
from ..store.desk import Desk, open_desk

LOG = logging.getLogger("course.exchange")
SOON = 0.2  # seconds until a child that ended is started again
KEEP_ALIVE = 75  # seconds; a proxy that keeps a connection longer than we do would lose a request
LONGEST = 30.0  # where it ends again and again


@dataclass
class ChildProcess:
    """One process that is to run as long as we do."""

    role: str  # "worker" or "publisher"
    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    wait: float = SOON
    not_before: float = field(default=0.0)


class Supervisor:
    """Keeps the children running."""

    def __init__(self, desk: Desk, tier: str, workers: int) -> None:
        self.desk, self.tier = desk, tier
        self.children = [ChildProcess("publisher"), *(ChildProcess("worker") for _ in range(workers))]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the children and watch them."""
        self._thread.start()

    def stop(self) -> None:
        """End the children; what they were grading goes back into the queue."""
        self._stop.set()
        self._thread.join()
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        for child in self.children:
            if child.process is not None:
                _wait(child.process)
                self._free(child)

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for child in self.children:
                try:
                    self._look_after(child)
                except Exception:  # a full disk or a database away: the next look comes at once
                    LOG.exception("looking after the %s", child.role)

    def _look_after(self, child: ChildProcess) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            LOG.warning("%s ended with %s", child.name, child.process.returncode)
            self._free(child)
            child.process = None
            child.wait = SOON if now - child.began > LONGEST else min(2 * child.wait, LONGEST)
            child.not_before = now + child.wait
        if child.process is None and now >= child.not_before:
            self._begin(child)

    def _begin(self, child: ChildProcess) -> None:
        child.name, child.began = f"{child.role}-{secrets.token_hex(6)}", time.monotonic()
        child.process = subprocess.Popen(
            child_line(child.role, child.name, self.tier),
            cwd=self.desk.course.root,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
        )

    def _free(self, child: ChildProcess) -> None:
        if child.role == "worker":
            with self.desk.database.write() as connection:
                queue.give_up(connection, child.name)


def serve(course: Course, listen: Callable[[], socket.socket], tier: str, workers: int) -> None:
    """Run the exchange until it is told to end.

    Args:
        course: whose exchange it is.
        listen: makes the listening socket, when all is ready.
        tier: the sandbox's isolation.
        workers: how many processes grade.

    Raises:
        ConfigError: the database or a key cannot be used.
    """
    import uvicorn

    from .app import make_app
    from .identity import HubIdentity
    from .login import HubLogin
    from .patience import PatientProtocol, open_many_files

    open_many_files()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    LOG.setLevel(logging.INFO)
    _hide_names(course)
    desk = open_desk(course)
    desk.blobs.clear_leftovers()
    app = make_app(desk, HubIdentity(), HubLogin(), os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/"))
    app.state.previews.tier = tier
    supervisor = Supervisor(desk, tier, workers)
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it once more at its end, past what is below
    supervisor.start()
    try:
        settings = uvicorn.Config(
            app,
            http=PatientProtocol,
            log_config=None,  # or it would write by handlers of its own, with names
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        with suppress(KeyboardInterrupt):  # how the hub stops us; uvicorn has ended in order
            uvicorn.Server(settings).run([listen()])
    finally:
        app.state.previews.close()
        supervisor.stop()
        desk.database.close()


def _hide_names(course: Course) -> None:
    """What this process writes is read by more people than the course's data."""
    from ...judge.secret import course_secret

    hide_names(logging.getLogger(), roster_file(course), course_secret(course))


def child_line(role: str, name: str, tier: str) -> list[str]:
    """The command line of a child in a role."""
    words = ("-P", "-m", "autograder.exchange.service.serve", role, name, tier, str(os.getpid()))
    return [sys.executable, *words]


def child_environment() -> dict[str, str]:
    """The children need no token of the hub; the engine is found where this process found it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")}
    engine = str(Path(__file__).parents[3])
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, [engine, kept.get("PYTHONPATH")]))}


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_child(role: str, name: str, tier: str, parent: int) -> None:
    """Run one role as long as the process that started this one, wherever it waits."""
    logging.basicConfig(format=f"%(asctime)s %(levelname)s {name}: %(message)s")
    logging.getLogger("course").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _interrupt)
    end_with(parent)
    with suppress(KeyboardInterrupt):
        _play(role, name, tier, parent)


def _play(role: str, name: str, tier: str, parent: int) -> None:
    course = load_course()
    _hide_names(course)
    desk = open_desk(course)
    if role == "preview":
        from ..grading.preview import write_preview

        write_preview(name, tier)
    elif role == "publisher":
        from ..grading.publisher import publish

        publish(desk, parent)
    else:
        from ..grading.worker import work

        work(desk, tier, name, parent)


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the service and the kernel may both say so
    raise SystemExit(0)  # so that zygotes are closed on the way out


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt  # a SystemExit in the midst of a grader would count as the grader's own


if __name__ == "__main__":
    role, name, tier, parent = sys.argv[1:]
    run_child(role, name, tier, int(parent))
