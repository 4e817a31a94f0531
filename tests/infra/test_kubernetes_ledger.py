"""GPU time as the hub has it, against what the API says of its pods, through kills of hub and server.

``LEDGER_SESSIONS=50`` tries fifty sessions; without it eight.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import threading
import time
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.settings import book_file
from tests.infra.control_plane import Cluster
from tests.infra.course import PUBLIC, STUDENTS, until
from tests.infra.kube_course import gone, up

SESSIONS = int(os.environ.get("LEDGER_SESSIONS", "8"))
SECONDS, SHARE = 5.0, 0.01  # that a session, and all of them, may differ
OVER = ("Failed", "Succeeded")
WAYS = ("stopped", "deleted", "killed", "unseen")
FIRST, SECOND, THIRD, _ = STUDENTS
pytestmark = pytest.mark.infra


class Records:
    """When each pod got its node and when it was gone, seen at the API ten times a second."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.begin: dict[str, float] = {}
        self.end: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Records:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _look(self) -> None:
        while not self._over.wait(0.1):
            pods = self.cluster.pods().values()
            now = time.time()
            for pod in pods:
                for each in pod["status"].get("conditions") or ():
                    if each["type"] == "PodScheduled" and each["status"] == "True":
                        since = datetime.fromisoformat(each["lastTransitionTime"]).timestamp()
                        self.begin.setdefault(pod["metadata"]["uid"], since)
            there = {pod["metadata"]["uid"] for pod in pods if pod["status"].get("phase") not in OVER}
            for uid in self.begin.keys() - there - self.end.keys():
                self.end[uid] = now


def test_the_ledger_is_kubernetes(hub, applied, node, record_property):
    """Each session within five seconds, all within one percent, also of a server that never was up."""
    chance = random.Random(16)
    with Records(applied) as records:
        for number in range(0, SESSIONS, 2):
            for name in (FIRST, SECOND):
                hub.ask_for_server(name, "gpu")
            for name in (FIRST, SECOND):
                until(lambda name=name: hub.answers(name), f"server of {name}")
            time.sleep(4 + chance.random() * 8)
            for place, name in enumerate((FIRST, SECOND)):
                end(hub, applied, node, name, WAYS[(number + place) % len(WAYS)])
            for name in (FIRST, SECOND):
                until(lambda name=name: not hub.has_server(name), f"end of the server of {name}", 90)
                gone(applied, name)
        node.broken = "sleep 8; exit 3"
        hub.ask_for_server(FIRST, "gpu")
        until(lambda: hub.failure(FIRST), "failure on the page", 60)
        node.broken = ""
        gone(applied, FIRST)
        time.sleep(1)
    book = GpuBook(book_file(hub.course))
    until(lambda: not book.open_uses(), "end of all uses in the book", 60)
    noted = held_of(book, records)
    assert noted.keys() == records.begin.keys() == records.end.keys() and len(noted) == SESSIONS + 1
    held = {uid: records.end[uid] - begin for uid, begin in records.begin.items()}
    late = {uid: round(noted[uid] - held[uid], 2) for uid in held}
    record_property("sessions", len(held))
    record_property("seconds that the ledger has more than Kubernetes, by session", sorted(late.values()))
    record_property("seconds of all sessions", [round(sum(each.values()), 1) for each in (noted, held)])
    assert all(abs(each) <= SECONDS for each in late.values()), late
    whole = 0.5 * len(held)  # Kubernetes counts whole seconds
    assert abs(sum(late.values())) <= SHARE * sum(held.values()) + whole, late


def held_of(book: GpuBook, records: Records) -> dict[str, float]:
    """Seconds of each pod in the book; those of other trials left out."""
    with closing(sqlite3.connect(book.path)) as database:
        rows = database.execute("SELECT job, granted, ended, gpus FROM uses").fetchall()
    mine = [row for row in rows if row[0] in records.begin]
    assert len({row[0] for row in mine}) == len(mine) and {row[3] for row in mine} == {1}
    assert all(row[0] for row in rows), "a use that is of no pod was counted"
    return {job: ended - granted for job, granted, ended, _ in mine}


def end(hub: Any, cluster: Cluster, node: Any, name: str, way: str) -> None:
    """By its owner, by whoever runs the cluster, by the kernel, or while no hub runs."""
    if way == "stopped":
        hub.stop_server(name)
    elif way == "deleted":
        cluster.kubectl("-n", "course", "delete", "pod", f"jupyter-{name}")
    elif way == "killed":
        node.kill(f"jupyter-{name}")
    else:
        hub.kill()
        time.sleep(2)
        cluster.kubectl("-n", "course", "delete", "pod", f"jupyter-{name}")
        time.sleep(16)  # longer than between any two looks
        hub.start()


def test_instructors_see_who_waits_in_the_clusters_queue(hub, applied, record_property):
    """With what they read; taken out, the pod is gone and its owner is told. Who holds a GPU stands above."""
    for name in (FIRST, SECOND):
        up(hub, name)
    hub.ask_for_server(THIRD, "gpu")
    hub.told(THIRD, 20, "all 2 GPUs")
    with closing(hub.browserless("instructor")) as instructor:
        until(lambda: instructor.get("/hub/gpus").text.count("1 GPU") >= 2, "both in the book", 20)
        page = instructor.get("/hub/gpus").text
        holding, _, waiting = page.partition(">Waiting<")
        assert FIRST in holding and SECOND in holding and FIRST not in waiting.partition("This week")[0]
        (row,) = [each for each in waiting.split("<tr>") if THIRD in each and "Take out" in each]
        assert "all 2 GPUs are taken" in row and THIRD not in holding
        token = re.search(r'name="_xsrf" value="([^"]+)"', row)[1]
        form = {"user": THIRD, "deed": "stop", "_xsrf": token}
        done = instructor.post("/hub/gpus", data=form, headers={"Referer": f"{PUBLIC}/hub/gpus"})
    assert done.status_code == 200 and "taken out of the queue" in done.text
    record_property("seconds until the pod was gone", gone(applied, THIRD))
    said, _ = until(lambda: hub.failure(THIRD), "word to its owner", 20)
    assert "no longer there" in said or "was deleted" in said
    for name in (FIRST, SECOND):
        hub.stop_server(name)
        gone(applied, name)
