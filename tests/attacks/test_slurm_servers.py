"""Servers as Slurm jobs: a student gets the profile that was chosen, and no word with the hub's commands.

On a real Slurm, with accounts of the system. The controls run the same attacks against a hub with
batchspawner's own address and JupyterHub's own handling of options, where both succeed.
"""

import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from autograder.marks.roster import Member
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.support import LITTLE, ROOT, RunningHub
from tests.hub.test_running import _logged_in
from tests.shared_python import shared_python
from tests.slurm import running_slurm
from tests.waiting import until

NAMES = tuple(f"slm-{os.getpid()}-{number}" for number in (1, 2))
GREEDY = {"profile": "small", "runtime": "07:59:00", "nprocs": "7", "memory": "30000M"}  # seen to be taken
SITE = f"""
exec(compile(open({str(ROOT / "infra/slurm/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.Spawner.environment["SLURM_CONF"] = "@CONF@"
"""
STOCK = """
from batchspawner.api import BatchSpawnerAPIHandler
c.JupyterHub.extra_handlers = [(r"/api/batchspawner", BatchSpawnerAPIHandler)]
c.JupyterHub.spawner_class = "batchspawner.SlurmSpawner"
c.Spawner.post_stop_hook = None  # which is for ours
c.Spawner.apply_user_options = lambda spawner, options: None
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    NEEDS_ROOT,
]


@pytest.fixture(scope="module")
def users():
    with accounts(NAMES):
        yield NAMES


@pytest.fixture(scope="module")
def slurm(users):
    with running_slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def python():
    with shared_python() as program:
        yield program


@pytest.fixture(scope="module", params=["ours", "stock"])
def hub(request, users, slurm, python, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    site = folder / "site.py"
    more = STOCK if request.param == "stock" else ""
    site.write_text(SITE.replace("@CONF@", slurm.environment["SLURM_CONF"]) + more)
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in users))
    options = ("--spawner", "slurm", "--hub-address", "127.0.0.1", "--config", str(site))
    running = RunningHub(
        folder / "course", *options, members=members, environment=slurm.environment, python=python,
        original=LITTLE,
    )  # fmt: skip
    with running:
        running.is_ours = request.param == "ours"
        yield running


def _start(hub, name, **options):
    """Ask for a server; the student's own token."""
    with _logged_in(hub, name) as client:
        token = {"Authorization": f"token {hub.token(client, name)}"}
    asked = httpx.post(f"{hub.url}/hub/api/users/{name}/server", headers=token, json=options, timeout=60)
    assert asked.status_code in (201, 202), asked.text
    return token


def _servers_token(name):
    """The token of the student's server, as any program of the student's can read it."""
    for pid in subprocess.run(["pgrep", "-u", name], capture_output=True, text=True).stdout.split():
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for each in variables:
            if each.startswith(b"JUPYTERHUB_API_TOKEN="):
                return {"Authorization": f"token {each.partition(b'=')[2].decode()}"}
    return None


def _report(hub, token, **words):
    return httpx.post(f"{hub.url}/hub/api/batchspawner", headers=token, json=words, timeout=30).status_code


@pytest.mark.parametrize("hub", ["ours"], indirect=True)
def test_a_server_starts_and_says_where_it_listens(hub, users):
    """As a job of its user's, which finds nbgrader; a server that runs reports no port again."""
    one, _ = users
    token = _start(hub, one, profile="small")
    status = f"{hub.url}/user/{one}/api/status"
    until(lambda: httpx.get(status, headers=token, timeout=30).status_code == 200, "server", 90.0)
    assert subprocess.run(["pgrep", "-u", one, "-f", "in_job"], capture_output=True).returncode == 0
    assert _report(hub, _servers_token(one), port=9999) == 403


def test_a_job_has_the_profiles_limits_and_sets_nothing_but_its_port(hub, users, slurm, tmp_path):
    """What a student adds does not reach Slurm, and not the commands that the hub runs as root."""
    _, other = users
    token, file = _start(hub, other, **GREEDY), tmp_path / "id"
    line = until(lambda: slurm.ask("squeue", "-h", f"--user={other}", "-o", "%l %C %m"), "job", 90.0)
    (small,) = (profile for profile in hub.course.profiles if profile.name == "small")
    asked = f"{small.hours:g}:00:00 {small.cpus:g} {small.memory_gib:g}G"
    assert line == (asked if hub.is_ours else "7:59:00 7 30000M")
    servers = until(lambda: _servers_token(other), "job", 90.0)
    prefix = f"sh -c 'id >{file}'; sudo -E -u {{username}}"
    answers = [
        _report(hub, servers, exec_prefix=prefix),
        _report(hub, servers, exec_prefix=prefix, port=9999),
        *(_report(hub, servers, port=port) for port in (80, "9999", 1e4, True, None, 70000)),
    ]
    if hub.is_ours:
        assert set(answers) <= {400, 403}, answers  # 403 where the server was quicker
        assert _report(hub, token, port=9999) == 403  # the student's own token is not the server's
        time.sleep(2)
        assert not file.exists()
    else:
        until(file.exists, "file of root's", 90.0)
        assert "uid=0" in file.read_text()
