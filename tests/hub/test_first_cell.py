"""From the manual's command to a cell that prints its GPU, and a receipt: with accounts, and on Slurm."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack, closing

import httpx
import pytest

from autograder.course import load_course
from autograder.exchange.client.service import Service
from autograder.marks.roster import Member
from autograder.unit.release import build, publish
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.cells import run_cell
from tests.hub.support import ROOT, RunningHub, little_with
from tests.infra.manual import command
from tests.shared_python import shared_python
from tests.slurm import running_slurm
from tests.waiting import until

NAME = f"cel-{os.getpid()}-1"
UNIT = "little"
COURSE = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, profiles=(Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1)))
"""
SITE = f"""
exec(compile(open({str(ROOT / "infra/slurm/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.Spawner.environment["SLURM_CONF"] = "@CONF@"
"""
TITLES = {"system": "Accounts of the system", "slurm": "Slurm"}  # of the manual
HERE = {
    "system": "",
    "slurm": "--hub-address 127.0.0.1",
}  # where no name, no certificate and no other node is
PUBLIC = (
    "--host",
    "--port",
    "--public-url",
    "--tls-key",
    "--tls-certificate",
    "--hub-address",
    "--trusted-proxy",
)
CELL = """
import os, subprocess
print("GPU", os.environ["CUDA_VISIBLE_DEVICES"])
for words in ("list", "fetch_assignment little", "submit little"):
    done = subprocess.run(["nbgrader", *words.split()], capture_output=True, text=True)
    print(done.returncode, done.stdout, done.stderr)
"""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm"), NEEDS_ROOT]


@pytest.fixture(params=["system", "slurm"])
def hub(request, tmp_path):
    """By the manual's command, without the options that need names and certificates of a site."""
    spawner, environment, more = request.param, {}, ["--gpus", "1"]
    original = little_with(tmp_path, COURSE)
    with ExitStack() as stack:
        stack.enter_context(accounts((NAME,)))
        if spawner == "slurm":
            slurm = stack.enter_context(running_slurm())
            environment, site = slurm.environment, tmp_path / "site.py"
            site.write_text(SITE.replace("@CONF@", environment["SLURM_CONF"]))
            more = ["--config", str(site)]  # instead of the file that it runs
        python = stack.enter_context(shared_python())
        members = (Member("instructor", "instructor"), Member(NAME, "student"))
        words = [*_of_the_manual(spawner), *shlex.split(HERE[spawner]), *more]
        running = RunningHub(
            tmp_path / "course", *words, members=members, original=original, environment=environment,
            python=python,
        )  # fmt: skip
        yield stack.enter_context(running)


def _of_the_manual(spawner):
    """The options of its command that need nothing of a site's."""
    words = shlex.split(command(TITLES[spawner], "course hub"))[2:]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    assert ("--spawner", spawner) in pairs, words
    return [word for pair in pairs for word in pair if pair[0] not in (*PUBLIC, "--config")]


def test_from_the_command_to_a_receipt(hub):
    """A server with a GPU starts; its cell prints the device, the unit is listed, fetched and handed in."""
    course = load_course(hub.course.root)
    publish(course, course.unit(UNIT), build(course, course.unit(UNIT)))
    notebook = course.unit(UNIT).released_notebook
    with closing(hub.browserless("instructor")) as client:
        teacher = Service(hub.service("exchange"), hub.token(client, "instructor"))
    teacher.release(UNIT, {notebook.name: notebook.read_bytes()}, force=False)
    with closing(hub.browserless(NAME)) as client:
        token = {"Authorization": f"token {hub.token(client, NAME)}"}
    own = f"{hub.url}/user/{NAME}"
    asked = httpx.post(
        f"{hub.url}/hub/api/users/{NAME}/server", headers=token, json={"profile": "gpu"}, timeout=60
    )
    assert asked.status_code in (201, 202), asked.text
    until(lambda: httpx.get(f"{own}/api/status", headers=token, timeout=30).is_success, "server")
    kernel = httpx.post(f"{own}/api/kernels", headers=token, json={}, timeout=60).json()["id"]
    said = run_cell(f"{own.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels", token, CELL)
    assert said.startswith("GPU 0\n"), said
    assert "little little" in said and "receipt" in said.lower(), said
    assert "\n1 " not in said, said  # each command ended well
