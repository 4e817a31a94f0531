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
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.slurm_hub import answers, heard, jobs_hub, ready, start, token_of
from tests.hub.test_running import _logged_in
from tests.slurm import running_slurm
from tests.waiting import until

NAMES = tuple(f"slm-{os.getpid()}-{number}" for number in (3, 4))
BREAKS = "import os, sys\nprint('no <room> is left', file=sys.stderr, flush=True)\nos._exit(3)\n"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm"), NEEDS_ROOT]


@pytest.fixture(scope="module")
def slurm():
    with accounts(NAMES), running_slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def hub(slurm, tmp_path_factory):
    with jobs_hub(slurm, tmp_path_factory.mktemp("turns"), NAMES) as hub:
        yield hub


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
    token = token_of(hub, name)
    start(hub, name, token)
    until(lambda: answers(hub, name, token), "server")
    released = nbformat.v4.new_notebook(metadata={"course": {"unit": "little", "version": "1"}})
    files = {"little.ipynb": json.dumps(released).encode()}
    teacher = token_of(hub, "instructor")["Authorization"].removeprefix("token ")
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
    token = token_of(hub, name)
    start(hub, name, token)
    (*_, last) = heard(hub, name, token, 60, until="failed")
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
    token = token_of(hub, name)
    start(hub, name, token)
    assert "2 before you" in heard(hub, name, token, 60, until="before you")[-1]["message"]
    said = [event["message"] for event in heard(hub, name, token, 4)]
    assert len(said) == len(set(said)) <= 3, said  # a line that changes, not one each second
    late, lates = NAMES[0], token_of(hub, NAMES[0])
    with slurm.silent():
        start(hub, late, lates)
        said = heard(hub, name, token, 60, until="does not answer")
        assert "does not answer" in heard(hub, late, lates, 60, until="failed")[-1]["message"]
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
    assert "2 before you" in heard(hub, name, token, 30, until="before you")[-1]["message"]
    slurm.ask("scancel", *blockers, other)
    until(lambda: answers(hub, name, token), "server")
    assert slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i") == job


@pytest.mark.parametrize("hub_ends", [False, True], ids=["the hub lives on", "the hub is killed, too"])
def test_a_server_that_was_stopped_while_slurm_was_silent(hub, slurm, hub_ends):
    """Its job is cancelled when the controller is back, by this hub or by the next one."""
    name = NAMES[0]
    token = token_of(hub, name)
    if not answers(hub, name, token):
        start(hub, name, token)
        until(lambda: answers(hub, name, token), "server")
    job = slurm.ask("squeue", "-h", f"-u{name}", "-o", "%i")
    time.sleep(8)  # until the controller has written what it knows: it is killed, and would forget the job
    with slurm.silent():
        httpx.delete(f"{hub.url}/hub/api/users/{name}/server", headers=token, timeout=60)
        until(lambda: not ready(hub, name, token), "end of the server for the hub", 120)
        if hub_ends:
            hub.kill()
            subprocess.run(["pkill", "-KILL", "-u", name, "scancel"])  # it may outlive the hub, and succeed
    if hub_ends:
        assert slurm.ask("squeue", "-h", f"-j{job}", "-o", "%T") == "RUNNING", "it is left over"
        hub.start()
    until(lambda: _ended(slurm, job), "end of the job that was left over")


def _ended(slurm, job):
    return slurm.ask("squeue", "-h", "-t", "all", f"-j{job}", "-o", "%T") == "CANCELLED"
