"""Two GPUs and three students, with a real Docker engine.

In the place of NVIDIA's hook, which Docker calls before a container begins, stands one that only makes the
files of the devices: which container gets which devices is decided by the hub and by Docker.
"""

import sys

import pytest

from tests.hub.cells import run_cell
from tests.infra.course import STUDENTS, until
from tests.infra.docker_course import container, engine_with_image, hub_on
from tests.infra.engine import docker

HOOK = f"""#!{sys.executable}
import json, subprocess, sys
from pathlib import Path
state = json.load(sys.stdin)
config = json.loads(Path(state["bundle"], "config.json").read_text())
(given,) = (word for word in config["process"]["env"] if word.startswith("NVIDIA_VISIBLE_DEVICES="))
for number in given.partition("=")[2].split(","):
    file = config["root"]["path"] + "/dev/nvidia" + number
    make = ["mknod", "-m", "666", file, "c", "195", number]
    subprocess.run(["nsenter", "-t", str(state["pid"]), "-m", *make], check=True)
"""
CELL = "import glob; print(sorted(glob.glob('/dev/nvidia*')))"
FIRST, SECOND, THIRD, OTHER = STUDENTS
pytestmark = pytest.mark.infra


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    programs = tmp_path_factory.mktemp("programs")
    hook = programs / "nvidia-container-runtime-hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    with engine_with_image(programs) as socket:
        yield socket


@pytest.fixture(scope="module")
def hub(engine, tmp_path_factory):
    with hub_on(engine, tmp_path_factory.mktemp("gpus"), gpus=2) as running:
        yield running


def printed(hub, name):
    """What a cell of a person's prints: the devices that it sees."""
    host = hub.origin(name).partition("//")[2]
    with hub.as_person(name) as client:
        made = client.post(f"{hub.origin(name)}/user/{name}/api/kernels", json={}).raise_for_status()
        headers = {
            "Authorization": client.headers["Authorization"],
            "Host": host,
            "X-Forwarded-Proto": "https",
        }
    channels = f"/user/{name}/api/kernels/{made.json()['id']}/channels"
    return run_cell(f"ws://127.0.0.1:{hub.port}{channels}", headers, CELL).strip()


def test_two_servers_have_a_gpu_each_and_the_third_waits(hub, engine, record_property):
    """A cell prints its own device alone; who waits is told why, and gets the device that is free."""
    for name in (FIRST, SECOND):
        hub.ask_for_server(name, "gpu")
        until(lambda name=name: hub.answers(name), "server")
    devices = {name: printed(hub, name) for name in (FIRST, SECOND)}
    assert sorted(devices.values()) == ["['/dev/nvidia0']", "['/dev/nvidia1']"]
    hub.ask_for_server(THIRD, "gpu")
    said = hub.told(THIRD, 30, until="GPUs are taken")
    assert any("All 2 GPUs are taken" in line for line in said), said
    assert container(THIRD) not in docker(engine, "ps", "--format", "{{.Names}}").split()
    hub.stop_server(SECOND)
    _, seconds = until(lambda: hub.answers(THIRD), "server of who waited")
    record_property("seconds from a stop to the next server's answer", seconds)
    assert printed(hub, THIRD) == devices[SECOND]


def test_a_server_without_a_gpu_sees_none(hub):
    """While others compute beside it."""
    hub.ask_for_server(OTHER, "small")
    until(lambda: hub.answers(OTHER), "server")
    assert printed(hub, OTHER) == "[]"
