"""Docker gives each server its own GPU: by number, and a cell prints it; who waits is let in.

There is no GPU and nothing of NVIDIA's here. A program stands in the place of the hook by which NVIDIA's
container toolkit adds devices: it makes the device files of the numbers that Docker was asked for.
"""

import json
import subprocess

import nbformat
import pytest

from tests.infra.course import STUDENTS, until
from tests.infra.docker_course import container, containers_hub, engine_with_image

HOOK = """#!/usr/bin/python3
import json, os, subprocess, sys
state = json.load(sys.stdin)
with open(os.path.join(state["bundle"], "config.json")) as file:
    config = json.load(file)
root = os.path.join(state["bundle"], config["root"]["path"])
told = dict(pair.partition("=")[::2] for pair in config["process"]["env"])
for number in told["NVIDIA_VISIBLE_DEVICES"].split(","):
    device = f"{root}/dev/nvidia{int(number)}"
    inside = ["nsenter", "-t", str(state["pid"]), "-m", "mknod", "-m", "666", device, "c", "195", number]
    subprocess.run(inside, check=True)
"""
CELL = "from pathlib import Path\nprint(sorted(path.name for path in Path('/dev').glob('nvidia*')))"
RUN = ("jupyter", "nbconvert", "--execute", "--to", "notebook", "--stdin", "--stdout")
FIRST, SECOND, THIRD = STUDENTS[:3]
pytestmark = pytest.mark.infra


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    programs = tmp_path_factory.mktemp("toolkit")
    hook = programs / "nvidia-container-runtime-hook"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    with engine_with_image(programs) as engine:
        yield engine


@pytest.fixture(scope="module")
def hub(engine, tmp_path_factory):
    with containers_hub(engine, tmp_path_factory.mktemp("gpus"), gpus=2) as hub:
        yield hub


def printed(engine, name):
    """What a cell prints that a kernel executes in the server's container."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    inside = ["docker", "-H", engine, "exec", "-i", container(name), *RUN]
    done = subprocess.run(inside, input=nbformat.writes(notebook), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (output,) = json.loads(done.stdout)["cells"][0]["outputs"]
    return output["text"].strip()


def test_each_server_has_its_own_gpu(hub, engine, record_property):
    """Two students print different devices; the third waits, and gets what the first gives back."""
    for name in (FIRST, SECOND):
        hub.ask_for_server(name, "gpu")
        until(lambda name=name: hub.answers(name), f"server of {name}")
    cells = {name: printed(engine, name) for name in (FIRST, SECOND)}
    record_property("what their cells print", cells)
    assert cells == {FIRST: "['nvidia0']", SECOND: "['nvidia1']"}
    hub.ask_for_server(THIRD, "gpu")
    said = hub.told(THIRD, 20, "you are next")
    assert "you are next" in said[-1], said
    hub.stop_server(FIRST)
    _, seconds = until(lambda: hub.answers(THIRD), "server of the third")
    record_property("seconds from the free GPU until the server answered", seconds)
    assert printed(engine, THIRD) == "['nvidia0']"


def test_a_server_without_a_gpu_has_none(hub, engine):
    """Where a profile has none, no device is there, whatever Docker could give."""
    hub.ask_for_server(FIRST, "small")
    until(lambda: hub.answers(FIRST), "server")
    assert printed(engine, FIRST) == "[]"
