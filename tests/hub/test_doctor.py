"""``course doctor --hub`` on a real hub: it names what is open, and closes what was closed."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.hub.doctor.listeners import beyond_loopback, listening
from autograder.hub.process.options import hub_folder
from tests.hub.support import LITTLE, ROOT, RunningHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def hub():
    with tempfile.TemporaryDirectory(prefix="doctor-") as name:  # pytest's own folders are closed to others
        Path(name).chmod(0o755)
        with RunningHub(Path(name) / "course", original=LITTLE) as hub:
            yield hub


def asked(hub, *words):
    program = Path(sys.executable).with_name("course")
    return subprocess.run(
        [program, "doctor", "--hub", *words], cwd=hub.course.root, capture_output=True, text=True, timeout=120
    )


def states(hub):
    return {each["what"]: each["state"] for each in json.loads(asked(hub, "--json").stdout)["findings"]}


def test_what_is_open_is_named(hub):
    """Here the spawner that keeps nobody apart, as the start said; strangers are let in nowhere."""
    done = asked(hub)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "OPEN       options of the last start: The spawner 'simple'" in done.stdout
    found = states(hub)
    closed = {what for what, state in found.items() if state == "closed"}
    assert closed >= {
        "pages and interfaces",
        "made-up tokens",
        "ports beyond this machine",
        "first passwords",
    }


def test_a_file_that_others_read_is_named(hub):
    """With the folder closed it is not."""
    course = hub.course.root
    course.chmod(0o755)
    assert states(hub)["hidden checks and solutions"] == "OPEN"
    assert states(hub)["secrets and marks"] == "closed"
    first = hub_folder(hub.course) / "first-passwords.csv"
    first.write_text("username,password\n")
    assert states(hub)["first passwords"] == "OPEN"
    first.unlink()
    course.chmod(0o700)
    assert states(hub)["hidden checks and solutions"] == "closed"


def test_a_port_for_all_machines_is_seen(hub):
    """The control: a process that listens everywhere."""
    listens = "s = __import__('socket').create_server(('0.0.0.0', 0)); print(s.getsockname()[1]); input()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", listens], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port = int(process.stdout.readline())
        assert ("0.0.0.0", port) in set(listening(process.pid))
        assert beyond_loopback(process.pid, 8000) == [f"0.0.0.0:{port}"]
        assert beyond_loopback(process.pid, port) == []


def test_without_a_hub_it_says_so(tmp_path):
    """Before the first start there is nothing to try."""
    (tmp_path / "course_config.py").write_text((ROOT / "tests/little/course_config.py").read_text())
    done = subprocess.run(
        [Path(sys.executable).with_name("course"), "doctor", "--hub"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "no hub was started" in done.stderr
