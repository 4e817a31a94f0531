"""The exchange under students, at rest again, and its books."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from autograder.gradebook.catching_up import catch_up
from autograder.marks.database import Database
from autograder.marks.tables import STANDINGS
from benchmarks.processes import tree
from tests.exchange.hub import standing_in
from tests.exchange.stage import Service, release

from .accounts import wrong_in
from .beside import Beside
from .clients import Class, line_of
from .kills import Kill, kill_one
from .notebooks import UNIT, Notebooks, environment
from .traces import Use, name_of, nothing_left, sampled

WORKERS = 2
FIRST = 16  # submissions before memory is looked at
REST = 600.0  # seconds for the line to become empty
LAST_WORDS = 4000  # characters of the service's log
ROLES = ("service", "worker", "publisher", "sandbox")


@dataclass
class Exchange:
    """A running exchange of a scenario, and its students."""

    notebooks: Notebooks
    service: Service
    students: Class
    url: str  # of the database
    key: str = ""  # that signs receipts
    requeued: int = 0
    folders: int = 0  # temporary ones, left behind
    wrong: list[str] = field(default_factory=list)

    def roles(self, rng: random.Random) -> dict[str, Kill]:
        """How each role is killed."""
        return {role: self._kill(role, rng) for role in ROLES}

    def _kill(self, role: str, rng: random.Random) -> Kill:
        def service() -> bool:
            self.service.kill()
            self.service.start()
            return True

        def child() -> bool:
            process = self.service.process
            return process is not None and kill_one(process.pid, role, rng)

        return service if role == "service" else child

    def state(self) -> str:
        """What can be said of it when something went on no more: who lives, what was told, its last words."""
        process, students = self.service.process, self.students
        lives = [name_of(each) for each in tree(process.pid)] if process and process.poll() is None else []
        words = (self.service.stage.course.data_folder / "service.log").read_text()[-LAST_WORDS:]
        return (
            f"lives: {lives}; in the queue: {self._line()}; "
            f"{len(students.sent)} receipts, the last to {students.sent[-1:]}; "
            f"asked again: {dict(students.answers)}; "
            f"{len(students.wrong)} times wrong: {students.wrong[-3:]}; "
            f"its log ends in:\n{words}"
        )

    def _line(self) -> int:
        with httpx.Client(base_url=self.service.stage.url, timeout=10) as client:
            return line_of(client)

    def warm_up(self) -> None:
        """Until everything that comes once has come: graders, the gradebook and what makes its tables."""
        self.students.hand_in(FIRST)
        self.come_to_rest()
        with closing(Database(self.url)) as database:
            end = time.monotonic() + REST
            while time.monotonic() < end and not _is_written(database):
                time.sleep(0.5)

    def come_to_rest(self) -> None:
        """Until all is graded; what was killed too often is queued again, as staff do."""
        with self.service.stage.staff() as staff:
            for _ in range(5):
                self._until_empty(staff)
                answer = staff.post(f"api/units/{UNIT}/requeue").raise_for_status()
                if not answer.json()["queued"]:
                    return
                self.requeued += answer.json()["queued"]
        self.wrong.append("attempts without a score came back again and again")

    def compare(self) -> None:
        """Look at the books, once what the publisher had no time for is written, too."""
        course, scores = self.service.stage.course, self.notebooks.scores
        with closing(Database(self.url)) as database:
            self.wrong += catch_up(course, database)
            self.wrong += wrong_in(course, database, self.students.sent, scores, self.key)

    def grown(self, use: Use) -> Iterator[str]:
        """What grew, or was left by processes that nobody killed."""
        yield from use.wrong()
        if self.folders:
            yield f"{self.folders} temporary folders were left behind"

    def _until_empty(self, staff: httpx.Client) -> None:
        end = time.monotonic() + REST
        while time.monotonic() < end:
            if staff.get("api/health").is_success and not line_of(staff):
                return
            time.sleep(0.1)
        self.wrong.append(f"{line_of(staff)} attempts still wait after {REST:.0f} s")


def _is_written(database: Database) -> bool:
    """Whether result files and gradebook have what the facts say."""
    with database.read() as connection:
        rows = connection.execute(select(STANDINGS)).all()
    return bool(rows) and all(row.changes == row.written == row.projected for row in rows)


Disturb = Callable[[Exchange], dict[str, Any]]


@contextmanager
def opened(notebooks: Notebooks, folder: Path, url: str = "", **more: str) -> Iterator[Exchange]:
    """An exchange with the unit released; ``more`` goes into its environment."""
    course = notebooks.course_in(folder)
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as temporary,  # short: sockets lie in it
        standing_in() as hub,
        nothing_left(Path(temporary), course.root) as left,
    ):
        own = {"TMPDIR": temporary, **({"COURSE_DATABASE": url} if url else {}), **more}
        service = Service(course, hub, WORKERS, environment(**own))
        service.start()
        where = url or f"sqlite:///{course.data_folder / 'exchange' / 'exchange.db'}"
        found = Exchange(notebooks, service, Class(service.stage, notebooks), where)
        try:
            release(service.stage)
            yield found
        finally:
            service.stop()
    found.wrong += left.wrong
    found.folders = left.folders


def soaked(
    notebooks: Notebooks,
    folder: Path,
    submissions: int,
    disturb: Disturb | None = None,
    url: str = "",
    **more: str,
) -> dict[str, Any]:
    """Hand in so many, and on while ``disturb`` goes on beside; rest; compare.

    Args:
        notebooks: of the course.
        folder: for a copy of the course, and its data.
        submissions: at least.
        disturb: what goes on beside the students; what it returns stands among the figures.
        url: of the database; empty: SQLite in the data folder.
        more: environment of the service.
    """
    assert notebooks.scores  # found before anything is disturbed
    with opened(notebooks, folder, url, **more) as exchange:
        students, service = exchange.students, exchange.service
        if disturb is None:
            exchange.warm_up()
        with sampled(lambda: service.process.pid if service.process else 0) as use:
            beside = Beside(lambda: disturb(exchange) if disturb else {})
            students.hand_in(submissions, beside.over)
            try:
                told = beside.result()
            except AssertionError as fault:
                raise AssertionError(f"{fault}; {exchange.state()}") from fault
            exchange.come_to_rest()
        exchange.key = httpx.get(f"{service.stage.url}api/receipt-key").json()["public_key"]
    exchange.compare()
    return {
        "submissions": len(students.sent),
        **use.figures(),
        "asked_again": dict(students.answers),
        "queued_again_by_staff": exchange.requeued,
        "folders_of_killed": exchange.folders,
        **told,
        "wrong": [*students.wrong, *exchange.wrong, *([] if disturb else exchange.grown(use))],
    }
