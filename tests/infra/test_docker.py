"""The hub with a real Docker engine, by the manual's command: rights of a container, exchange, attacks."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.course import STUDENTS, until
from tests.infra.docker_course import IMAGE, container, engine_with_image, hub_on
from tests.infra.engine import docker

TOLD = 10.0  # seconds within which a failure is said
STUDENT, OTHER = STUDENTS[:2]
RELEASE = """
import json, nbformat, os, sys
from autograder.exchange.client.service import Service
notebook = nbformat.v4.new_notebook(metadata={"course": {"unit": "little", "version": "1"}})
files = {"little.ipynb": json.dumps(notebook).encode()}
Service(os.environ["COURSE_EXCHANGE_URL"], sys.argv[1]).release("little", files, force=False)
"""
pytestmark = pytest.mark.infra


@pytest.fixture(scope="module")
def engine():
    with engine_with_image() as socket:
        yield socket


@pytest.fixture(scope="module")
def hub(engine, tmp_path_factory):
    with hub_on(engine, tmp_path_factory.mktemp("containers"), gpus=1) as running:
        yield running


def status(engine, which):
    """What the kernel says of a container's first process."""
    pid = docker(engine, "inspect", "-f", "{{.State.Pid}}", which)
    return dict(re.findall(r"^(\w+):\s+(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))


def own_id(engine, which):
    """Who a student of that container becomes by a setuid program."""
    return docker(engine, "exec", "-u", "1000", which, "own-id", "-u")


def test_a_server_starts_with_the_manuals_command(hub, engine, record_property):
    """It answers its owner, with the limits of its profile."""
    hub.ask_for_server(STUDENT, "small")
    _, seconds = until(lambda: hub.answers(STUDENT), "server")
    record_property("seconds until the server answered", seconds)
    limits = json.loads(docker(engine, "inspect", container(STUDENT)))[0]["HostConfig"]
    assert (limits["Memory"], limits["MemorySwap"]) == (1 << 30, 1 << 30)
    assert limits["PidsLimit"] == 512 and limits["CpuPeriod"] * 0.5 == limits["CpuQuota"]


def test_a_container_gains_no_rights(hub, engine):
    """By the kernel's word and by a setuid program; the controls succeed without the course's settings."""
    ours = status(engine, container(STUDENT))
    assert ours["NoNewPrivs"] == "1" and ours["Uid"].split() == ["1000"] * 4
    assert {ours[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert ours["Seccomp"] == "2" and own_id(engine, container(STUDENT)) == "1000"
    docker(engine, "run", "-d", "--name", "control", "--user", "1000:1000", IMAGE, "sleep", "600")
    theirs = status(engine, "control")
    assert theirs["NoNewPrivs"] == "0" and int(theirs["CapBnd"], 16) != 0
    assert own_id(engine, "control") == "0"
    docker(engine, "rm", "-f", "control")


def test_a_student_cannot_ask_for_more(hub, engine):
    """Whatever a request for a server says beside its profile."""
    more = {"mem_limit": "64G", "image": "other", "extra_host_config": {"privileged": True}, "cmd": ["sh"],
            "volumes": {"/": "/host"}}  # fmt: skip
    hub.ask_for_server(OTHER, "small", **more)
    until(lambda: hub.answers(OTHER), "server")
    found = json.loads(docker(engine, "inspect", container(OTHER)))[0]
    assert found["HostConfig"]["Memory"] == 1 << 30 and not found["HostConfig"]["Privileged"]
    assert found["Config"]["Image"] == IMAGE and found["Config"]["Cmd"][0] == "timeout"
    assert "/host" not in {mount["Destination"] for mount in found["Mounts"]}
    hub.stop_server(OTHER)


def test_work_is_handed_in_from_a_container(hub, engine, record_property):
    """nbgrader's commands reach the exchange at its public name, through TLS; the last gives a receipt."""
    with hub.as_person("instructor") as client:
        teacher = client.headers["Authorization"].removeprefix("token ")
    docker(engine, "exec", container(STUDENT), "python3", "-P", "-c", RELEASE, teacher)

    def nbgrader(*words):
        inside = ["exec", "-w", "/home/student", container(STUDENT), "nbgrader", *words]
        done = subprocess.run(["docker", "-H", engine, *inside], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "little little" in nbgrader("list")
    nbgrader("fetch_assignment", "little")
    said = nbgrader("submit", "little")
    record_property("what nbgrader submit says", said.strip().splitlines()[-1][-200:])
    assert "receipt" in said.lower(), said


def test_a_killed_hub_finds_the_container_again(hub, engine, record_property):
    """The same one, which answered all the while."""
    before = docker(engine, "inspect", "-f", "{{.Id}}", container(STUDENT))
    hub.kill()
    hub.start()
    _, seconds = until(lambda: hub.answers(STUDENT), "server")
    record_property("seconds from the hub's start until the server answered", seconds)
    assert docker(engine, "inspect", "-f", "{{.Id}}", container(STUDENT)) == before


def test_a_gpu_that_docker_cannot_give_is_told(hub, record_property):
    """On this engine without NVIDIA's runtime, with Docker's own reason."""
    hub.ask_for_server(OTHER, "gpu")
    page, seconds = until(lambda: hub.failure(OTHER), "failure on the page", 30)
    record_property("seconds until it was told", seconds)
    assert "could not select device driver" in page and seconds <= TOLD, page
