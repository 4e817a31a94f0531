"""GPU time as the hub has it, against Slurm's own records, through kills of hub, job and server.

``LEDGER_SESSIONS=50`` tries fifty sessions; without it eight.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing

import pytest

from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.settings import book_file
from autograder.marks.roster import Member
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.light import TOKEN, PagesAlone, Person
from tests.hub.support import ROOT, little_with
from tests.shared_python import shared_python
from tests.slurm import GPUS, running_slurm
from tests.waiting import until

SESSIONS = int(os.environ.get("LEDGER_SESSIONS", "8"))
SECONDS, SHARE = 5.0, 0.01  # that a session, and all of them, may differ
NAMES = tuple(f"slm-{os.getpid()}-{number}" for number in range(5, 5 + GPUS))
LATE = f"slm-{os.getpid()}-4"  # finds no GPU free
COURSE = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, profiles=(Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1, hours=1)))
"""
# A server that answers and does no more, since what is tried here is how long it held a GPU.
ANSWERS = """
import http.server, json, os, time, urllib.request
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Answers)
headers = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"], "Content-Type": "application/json"}
body = json.dumps({"port": server.server_port}).encode()
while True:
    try:
        address = os.environ["JUPYTERHUB_API_URL"] + "/batchspawner"
        urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10)
        break
    except OSError:
        time.sleep(0.5)
server.serve_forever()
"""
SITE = """
from autograder.hub.people.roles import roles
exec(compile(open({infra!r}).read(), "infra", "exec"))
from autograder.hub.servers.slurm_job import CourseSlurmSpawner

class Light(CourseSlurmSpawner):
    async def start(self):
        self.cmd, self.args = ["/usr/bin/python3", {program!r}], []
        return await super().start()

c.JupyterHub.spawner_class = Light
c.Spawner.environment["SLURM_CONF"] = {conf!r}
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.JupyterHub.services = [each for each in c.JupyterHub.services if each["name"] == "roster"]
c.JupyterHub.services += [{{"name": "asking", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [each for each in c.JupyterHub.load_roles if each["name"] == "course-roster"] + [
    {{"name": "server", "scopes": ["inherit"]}},
    {{"name": "asking", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["asking"]}}
]
c.JupyterHub.load_roles += [each for each in roles("little") if each["name"].startswith("instructor-")]
"""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm"), NEEDS_ROOT]


@pytest.fixture(scope="module")
def slurm():
    with accounts((*NAMES, LATE)), running_slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def hub(slurm, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("ledger")
    original = little_with(tmp_path, COURSE)
    program, site = slurm.folder / "answers.py", tmp_path / "site.py"
    program.write_text(ANSWERS)
    conf, infra = slurm.environment["SLURM_CONF"], str(ROOT / "infra/slurm/jupyterhub_config.py")
    site.write_text(SITE.format(infra=infra, program=str(program), conf=conf, token=TOKEN))
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in (*NAMES, LATE)))
    options = ("--spawner", "slurm", "--hub-address", "127.0.0.1", "--config", str(site))
    with (
        shared_python() as python,
        PagesAlone(
            tmp_path / "course", *options, members=members, environment=slurm.environment, python=python,
            original=original,
        ) as hub,
    ):  # fmt: skip
        yield hub


def test_the_ledger_is_slurms(hub, slurm):
    """Each session within five seconds, all of them within one percent; nothing stays open."""
    chance = random.Random(16)
    with ExitStack() as stack:
        people = [Person(hub, name, stack) for name in NAMES]
        for number in range(0, SESSIONS, len(people)):
            mine = people[: SESSIONS - number]
            for person in mine:
                person.ask("gpu")
            for person in mine:
                until(person.is_up, "server", 90)
            time.sleep(chance.random() * 6)
            _end_each(hub, slurm, mine, chance)
    book = GpuBook(book_file(hub.course))
    until(lambda: not book.open_uses(), "end of all uses in the book", 60)
    with sqlite3.connect(book_file(hub.course)) as database:
        rows = database.execute("SELECT job, granted, ended, how FROM uses").fetchall()
    ledger = {job: (begin, end) for job, begin, end, _ in rows}
    records = slurm.records()
    assert len(rows) == SESSIONS and ledger.keys() == records.keys(), (rows, records)
    for job, (begin, end) in records.items():
        noted = ledger[job][1] - ledger[job][0]
        assert abs(noted - (end - begin)) <= SECONDS, (job, rows, records)
    held = sum(end - begin for begin, end in records.values())
    noted = sum(book.seconds(name, 0) for name in NAMES)
    assert abs(noted - held) <= SHARE * held, (noted, held)


def test_instructors_see_who_waits_in_slurms_queue(hub, slurm):
    """With what they read; taken out, the job is gone and its owner is told."""
    blocker = slurm.ask("sbatch", "--parsable", f"--gres=gpu:{GPUS}", "-o/dev/null", "--wrap=sleep 300")
    until(lambda: slurm.ask("squeue", "-h", f"-j{blocker}", "-o", "%T") == "RUNNING", "blocker", 30)
    with ExitStack() as stack:
        person = Person(hub, LATE, stack)
        person.ask("gpu")
        person.reads("all GPUs are taken")
        instructor = stack.enter_context(closing(hub.browserless("instructor")))
        page = instructor.get("/hub/gpus").text
        (row,) = [each for each in page.split("<tr>") if LATE in each and "Take out" in each]
        assert "all GPUs are taken" in row
        token = re.search(r'name="_xsrf" value="([^"]+)"', row)[1]
        form = {"user": LATE, "deed": "stop", "_xsrf": token}
        done = instructor.post("/hub/gpus", data=form, headers={"Referer": f"{hub.url}/hub/gpus"})
        assert done.status_code == 200 and "taken out of the queue" in done.text
        until(lambda: not slurm.ask("squeue", "-h", f"--user={LATE}"), "end of the job", 60)
        until(lambda: not _has_server(person), "end of the wait", 60)
    slurm.ask("scancel", blocker)


def _end_each(hub, slurm, people, chance):
    """Each in another way: Stop, scancel, a kill of the server, and an end while the hub is dead."""
    stopped, cancelled, killed, unseen = (people[number::4] for number in chance.sample(range(4), 4))
    for person in stopped:
        assert person.client.delete(f"{person.place}/server", timeout=60).status_code in (202, 204)
    for person in cancelled:
        slurm.ask("scancel", f"--user={person.name}")
    for person in killed:
        subprocess.run(
            ["pkill", f"-{signal.SIGKILL.value}", "-u", person.name, "-f", "answers.py"], check=True
        )
    if unseen:
        hub.kill()
        time.sleep(chance.random() * 3)
        for person in unseen:
            slurm.ask("scancel", f"--user={person.name}")
        until(lambda: not slurm.ask("squeue", "-h"), "end of all jobs", 60)
        time.sleep(chance.random() * 3)
        hub.start()
    for person in people:
        until(lambda person=person: not _has_server(person), "end of a server", 90)


def _has_server(person):
    return bool(person.client.get(person.place, timeout=60).json()["servers"])
