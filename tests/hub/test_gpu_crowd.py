"""Many requests for few GPUs through a real hub that is killed in between: order kept, none twice, none lost.

``CROWD=200`` asks two hundred times for eight, with five kills; without it fewer. Servers are simulated: a
file that stays when the hub is killed, and one web server that answers for all of them.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.settings import book_file
from autograder.marks.roster import Member
from tests.hub.light import ONE_GPU, TOKEN, PagesAlone
from tests.hub.support import ROOT, little_with
from tests.hub.test_gpu_book import NOTED

REQUESTS = int(os.environ.get("CROWD", "40"))
SLOTS, KILLS = 8, 5 if REQUESTS >= 200 else 2
LONGEST = 20.0 * REQUESTS  # seconds, on a machine that others use too
NAMES = [f"student-{number:03}" for number in range(1, REQUESTS + 1)]
CONFIG = """
from pathlib import Path
from jupyterhub.spawner import Spawner
from autograder.hub.gpus.taking_turns import TakesTurns

load_subconfig({ours!r})

class Files(Spawner):
    def _file(self):
        return Path({alive!r}) / self.user.name
    async def start(self):
        self._file().write_text(self.environment["CUDA_VISIBLE_DEVICES"])
        return "127.0.0.1", {port}
    async def stop(self, now=False):
        self._file().unlink(missing_ok=True)
    async def poll(self):
        return None if self._file().exists() else 1

class Simulated(TakesTurns, Files):
    pass

c.JupyterHub.spawner_class = Simulated
c.Spawner.start_timeout = {longest}
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.JupyterHub.services = [each for each in c.JupyterHub.services if each["name"] == "roster"]
c.JupyterHub.services += [{{"name": "asking", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [each for each in c.JupyterHub.load_roles if each["name"] == "course-roster"] + [
    {{"name": "asking", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["asking"]}}
]
"""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


class Answers(BaseHTTPRequestHandler):
    """For every simulated server."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def alive(tmp_path) -> Path:
    """The folder of servers that live."""
    folder = tmp_path / "alive"
    folder.mkdir()
    return folder


@pytest.fixture
def hub(tmp_path, alive):
    original = little_with(tmp_path, ONE_GPU)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as answers:
        threading.Thread(target=answers.serve_forever, daemon=True).start()
        site = tmp_path / "site.py"
        site.write_text(
            CONFIG.format(
                ours=str(ROOT / "autograder/hub/process/jupyterhub_config.py"), alive=str(alive),
                port=answers.server_port, longest=LONGEST, token=TOKEN,
            )
        )  # fmt: skip
        members = tuple(Member(name, "student") for name in NAMES)
        arguments = ("--gpus", str(SLOTS), "--config", str(site))
        with PagesAlone(tmp_path / "course", *arguments, original=original, members=members) as hub:
            GpuBook(book_file(hub.course))
            with sqlite3.connect(book_file(hub.course)) as database:
                database.executescript(NOTED)
            yield hub
        answers.shutdown()


def test_a_crowd_through_the_hub(hub, alive):
    """Each is served once, in the order of asking, on a device that nobody else had."""
    chance, served, asked = random.Random(16), set(), 0
    kills = [REQUESTS * (number + 1) // (KILLS + 1) for number in range(KILLS)]
    end = time.monotonic() + LONGEST
    _all_ask(hub, NAMES)
    with _client(hub) as client:
        while len(served) < REQUESTS:
            assert time.monotonic() < end, (len(served), asked, hub.log.read_text()[-3000:])
            running = sorted(alive.iterdir(), key=lambda file: file.stat().st_mtime)
            devices = [file.read_text() for file in running]
            assert len(set(devices)) == len(devices) <= SLOTS, "two servers have one device"
            for file in running[: chance.randint(1, 4)]:
                if client.delete(f"/users/{file.name}/server").status_code in (202, 204):
                    served.add(file.name)
            if kills and len(served) >= kills[0]:
                kills.pop(0)
                time.sleep(chance.random())
                hub.kill()
                hub.start()
                asked += 1
                _all_ask(hub, [name for name in NAMES if name not in served])
            time.sleep(0.2)
    assert not kills
    _check(hub)


def _check(hub):
    with sqlite3.connect(book_file(hub.course)) as database:
        noted = database.execute("SELECT what, device, place, overtaken FROM noted ORDER BY n").fetchall()
        used = database.execute("SELECT user, COUNT(*) FROM uses WHERE started IS NOT NULL GROUP BY user")
        times = dict(used.fetchall())
    has: dict[str, int] = {}
    for what, device, place, overtaken in noted:
        assert overtaken == 0, "somebody was served before their turn"
        assert has.pop(device, None) == (place if what == "back" else None)
        if what == "given":
            has[device] = place
    assert not has and set(times) == set(NAMES)
    assert set(times.values()) == {1}, {name: count for name, count in times.items() if count > 1}


def _client(hub):
    headers = {"Authorization": f"token {TOKEN}"}
    return httpx.Client(base_url=f"{hub.url}/hub/api", headers=headers, timeout=120)


def _all_ask(hub, names):
    """Those who have no server ask for one, four at a time."""

    def ask(name):
        with _client(hub) as client:
            if client.get(f"/users/{name}").status_code == 404:
                client.post(f"/users/{name}").raise_for_status()
            if not client.get(f"/users/{name}").json()["servers"]:
                answer = client.post(f"/users/{name}/server", json={"profile": "gpu"})
                assert answer.status_code in (201, 202), answer.text

    with ThreadPoolExecutor(4) as people:
        list(people.map(ask, names))
