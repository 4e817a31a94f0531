"""Servers as Slurm jobs: what they find, what who waits is told, and what survives a killed hub."""

import json
import os
import subprocess
import time
from datetime import datetime
from pathlib import Path

import httpx
import nbformat
import pytest

from autograder.exchange.client.service import Service
from autograder.marks.roster import Member
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.support import ROOT, RunningHub
from tests.hub.test_running import _logged_in
from tests.shared_python import shared_python
from tests.slurm import running_slurm
from tests.waiting import until

NAMES = tuple(f"slm-{os.getpid()}-{number}" for number in (3, 4))
SITE = f"""
exec(compile(open({str(ROOT / "infra/slurm/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.Spawner.environment["SLURM_CONF"] = "@CONF@"
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0.2}}  # the API waits no longer than pages do
"""
BREAKS = "import os, sys\nprint('no <room> is left', file=sys.stderr, flush=True)\nos._exit(3)\n"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm"), NEEDS_ROOT]


class SoonHub(RunningHub):
    """Does not wait for formgrader, which nobody needs here."""

    def _has_services(self):
        return httpx.get(f"{self.service('exchange')}/api/health", timeout=5).status_code == 200


@pytest.fixture(scope="module")
def slurm():
    with accounts(NAMES), running_slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def hub(slurm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("turns")
    site = folder / "site.py"
    site.write_text(SITE.replace("@CONF@", slurm.environment["SLURM_CONF"]))
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in NAMES))
    options = ("--spawner", "slurm", "--hub-address", "127.0.0.1", "--config", str(site))
    with shared_python() as python:
        running = SoonHub(
            folder / "course", *options, members=members, environment=slurm.environment, python=python,
            original=ROOT / "tests" / "little",
        )  # fmt: skip
        with running:
            yield running
            running.kill()  # sooner than an end in good order, which waits for each service


def _token(hub, name):
    with _logged_in(hub, name) as client:
        return {"Authorization": f"token {hub.token(client, name)}"}


def _start(hub, name, token):
    asked = httpx.post(f"{hub.url}/hub/api/users/{name}/server", headers=token, json={}, timeout=60)
    assert asked.status_code in (201, 202), asked.text


def _answers(hub, name, token):
    status = httpx.get(f"{hub.url}/user/{name}/api/status", headers=token, timeout=30)
    return status.status_code == 200


def _told(hub, name, token, seconds, until=None):
    """What the stream of the waiting page says in that time, or until it says something."""
    said, end = [], time.monotonic() + seconds
    address = f"{hub.url}/hub/api/users/{name}/server/progress"
    try:
        with httpx.stream("GET", address, headers=token, timeout=seconds) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    said.append(json.loads(line.removeprefix("data: ")))
                if time.monotonic() > end or (until and until in line):
                    break
    except httpx.ReadTimeout:
        pass
    return said


def _servers_environment(name):
    for pid in subprocess.run(
        ["pgrep", "-u", name, "-f", "in_job"], capture_output=True, text=True
    ).stdout.split():
        pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        found = dict(pair.partition("=")[::2] for pair in pairs if pair)
        if "JUPYTERHUB_API_TOKEN" in found:
            return found
    return None


def test_a_job_finds_the_courses_commands_and_menus(hub, slurm):
    """``nbgrader list`` answers from the exchange; there is no Formgrader and no "Create Assignment"."""
    name = NAMES[0]
    token = _token(hub, name)
    _start(hub, name, token)
    until(lambda: _answers(hub, name, token), "server")
    released = nbformat.v4.new_notebook(metadata={"course": {"unit": "little", "version": "1"}})
    files = {"little.ipynb": json.dumps(released).encode()}
    teacher = _token(hub, "instructor")["Authorization"].removeprefix("token ")
    Service(hub.service("exchange"), teacher).release("little", files, force=False)
    environment = _servers_environment(name)
    listed = subprocess.run(
        ["/bin/bash", "-c", "nbgrader list && command -v course"],
        user=name, group=name, extra_groups=[], cwd="/", env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert listed.returncode == 0 and "little little" in listed.stderr, listed.stderr
    assert listed.stdout.strip() == str(hub.python.with_name("course"))
    page = httpx.get(f"{hub.url}/user/{name}/lab", headers=token, timeout=30, follow_redirects=True).text
    disabled = page.partition("disabledExtensions")[2][:600]
    assert "formgrader" in disabled and "create-assignment" in disabled, page[:3000]
    assert slurm.ask("squeue", "-h", "-o", "%j") == f"jupyter-{name}"
    details = slurm.ask("scontrol", "-o", "show", "job", slurm.ask("squeue", "-h", "-o", "%i"))
    left = httpx.get(f"{hub.url}/user/{name}/course-tools/end", headers=token, timeout=30).json()["seconds"]
    ends = datetime.fromisoformat(slurm.ask("squeue", "-h", "-o", "%e")).timestamp()
    assert abs(time.time() + left - ends) < 5, "the job's own end is told, not one counted from its server"
    assert " Requeue=0 " in details and f"/{hub.course.name}/{name} " in details
    stopped = httpx.delete(f"{hub.url}/hub/api/users/{name}/server", headers=token, timeout=30)
    assert stopped.status_code in (202, 204)
    until(lambda: not slurm.ask("squeue", "-h"), "end of the job")


def test_a_job_that_ends_early_says_why(hub, slurm):
    """Its owner reads its last lines within ten seconds; as text, whatever they hold."""
    name = NAMES[1]
    folder = Path(f"~{name}").expanduser() / ".jupyter"
    folder.mkdir()
    (folder / "jupyter_server_config.py").write_text(BREAKS)
    token = _token(hub, name)
    _start(hub, name, token)
    (*_, last) = _told(hub, name, token, 60, until="failed")
    told = datetime.now()
    ended = slurm.ask("squeue", "-h", "-t", "all", f"-u{name}", "-o", "%e")
    assert (told - datetime.fromisoformat(ended)).total_seconds() < 10
    assert last["failed"] and "its program failed" in last["message"]
    assert "no &lt;room&gt; is left" in last["html_message"]
    with _logged_in(hub, name) as client:
        page = client.get(f"/hub/spawn-pending/{name}")
    assert page.status_code == 500 and "no &lt;room&gt; is left" in page.text
    (folder / "jupyter_server_config.py").unlink()


def test_who_waits_keeps_the_place_when_the_hub_is_killed(hub, slurm):
    """The same job; a job of that hub for which nobody waits is cancelled, and nobody else's."""
    name = NAMES[1]
    blockers = [slurm.ask("sbatch", "--parsable", "-c8", "-o/dev/null", "--wrap=sleep 300") for _ in range(3)]
    until(lambda: slurm.ask("squeue", "-h", f"-j{blockers[0]}", "-o", "%T") == "RUNNING", "first job")
    token = _token(hub, name)
    _start(hub, name, token)
    assert "2 before you" in _told(hub, name, token, 60, until="before you")[-1]["message"]
    said = [event["message"] for event in _told(hub, name, token, 4)]
    assert len(said) == len(set(said)) <= 3, said  # a line that changes, not one each second
    late, lates = NAMES[0], _token(hub, NAMES[0])
    with slurm.silent():
        _start(hub, late, lates)
        said = _told(hub, name, token, 60, until="does not answer")
        assert "does not answer" in _told(hub, late, lates, 60, until="failed")[-1]["message"]
    assert "does not answer" in said[-1]["message"] and "Your place is kept" in said[-1]["message"]
    job = slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i")
    comment = slurm.ask("squeue", "-h", f"-j{job}", "-o", "%k")
    hub.kill()
    lost = slurm.ask(
        "sbatch", "--parsable", f"--uid={name}", "-o/dev/null", f"--comment={comment}", "--wrap=sleep 300"
    )
    other = slurm.ask("sbatch", "--parsable", "-o/dev/null", "--comment=course-hub/x", "--wrap=sleep 300")
    hub.start()
    until(lambda: not slurm.ask("squeue", "-h", f"-j{lost}"), "end of the job without an owner")
    assert slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i") == job
    assert slurm.ask("squeue", "-h", f"-j{other}", "-o", "%i") == other
    assert "2 before you" in _told(hub, name, token, 30, until="before you")[-1]["message"]
    slurm.ask("scancel", *blockers, other)
    until(lambda: _answers(hub, name, token), "server")
    assert slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i") == job


@pytest.mark.parametrize("hub_ends", [False, True], ids=["the hub lives on", "the hub is killed, too"])
def test_a_server_that_was_stopped_while_slurm_was_silent(hub, slurm, hub_ends):
    """Its job is cancelled when the controller is back, by this hub or by the next one."""
    name = NAMES[0]
    token = _token(hub, name)
    if not _answers(hub, name, token):
        _start(hub, name, token)
        until(lambda: _answers(hub, name, token), "server")
    job = slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i")
    time.sleep(8)  # until the controller has written what it knows: it is killed, and would forget the job
    with slurm.silent():
        httpx.delete(f"{hub.url}/hub/api/users/{name}/server", headers=token, timeout=60)
        until(lambda: not _ready(hub, name, token), "end of the server for the hub", 120)
        if hub_ends:
            hub.kill()
            subprocess.run(["pkill", "-KILL", "-u", name, "scancel"])  # it may outlive the hub, and succeed
    if hub_ends:
        assert slurm.ask("squeue", "-h", f"-j{job}", "-o", "%T") == "RUNNING", "it is left over"
        hub.start()
    until(lambda: _ended(slurm, job), "end of the job that was left over")


def _ended(slurm, job):
    return slurm.ask("squeue", "-h", "-t", "all", f"-j{job}", "-o", "%T") == "CANCELLED"


def _ready(hub, name, token):
    model = httpx.get(f"{hub.url}/hub/api/users/{name}", headers=token, timeout=30).json()
    return bool(model.get("servers", {}).get(""))
