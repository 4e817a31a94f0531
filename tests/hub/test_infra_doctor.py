"""``course doctor --infra``: what is missing for the servers of the last start is named, with what to do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.hub.doctor import infra
from autograder.hub.process.left_open import note
from autograder.hub.process.options import Options
from autograder.marks.roster import Member, add, roster_file
from tests.batch.small import in_process

CONFIG = """
from autograder.course import Course, Profile, Unit
course = Course("tiny", "Tiny", (Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1),),
    profiles=(Profile("small", "NumPy"), Profile("gpu", "GPU", gpus=1)))
"""


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")
    (tmp_path / "course_config.py").write_text(CONFIG)
    course = load_course(tmp_path)
    add(roster_file(course), [Member("student-001", "student")])
    return course


def looked(course: Course, **options: object) -> dict[str, tuple[str, str]]:
    """State and sentence of each look."""
    note(course, Options(port=9, **options))  # type: ignore[arg-type]
    return {each.what: (each.state, each.says) for each in infra.examine_infra(course).findings}


def test_on_this_machine(course, monkeypatch, capfd):
    """With the spawner 'simple' little is needed; here the hub does not run, and there is no GPU."""
    found = looked(course, gpus=0)
    assert [what for what, (state, _) in found.items() if state != "fine"] == ["GPUs", "exchange"]
    assert "'gpu' asks for 1, and 0 are here" in found["GPUs"][1]
    assert "is the hub running?" in found["exchange"][1]
    assert looked(course, gpus=2)["GPUs"][0] == "fine"
    assert in_process(["doctor", "--infra", "--json"], course.root, monkeypatch) == 1
    said = json.loads(capfd.readouterr().out)
    assert said["spawner"] == "simple" and not said["ok"]
    monkeypatch.setenv("PATH", "/nowhere")
    assert "prlimit is not on PATH" in looked(course)["PATH"][1]


def test_accounts_of_the_system(course, monkeypatch, tmp_path):
    """Names without an account, and a Python that others cannot reach, which is what a home of 0700 does."""
    found = looked(course, spawner="system")
    assert found["accounts"] == ("WRONG", "student-001 is no system user: useradd -m student-001")
    closed = tmp_path / "home" / "bin"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    monkeypatch.setattr(sys, "prefix", str(closed))
    said = looked(course, spawner="system")["Python"]
    assert said[0] == "WRONG" and f"{closed.parent} is closed to others" in said[1]
    assert (looked(course, spawner="system")["rights"][0] == "fine") == (os.geteuid() == 0)


def test_servers_elsewhere(course):
    """An engine that does not answer, and addresses that mean another machine there."""
    found = looked(course, spawner="docker")
    assert found["engine"][0] == "WRONG" and "Docker does not answer" in found["engine"][1]
    assert "no --hub-address" in found["addresses"][1]
    assert "loopback address" in looked(course, spawner="docker", hub_address="127.0.0.1")["addresses"][1]
    assert "cannot be resolved" in looked(course, spawner="docker", hub_address="a.invalid")["addresses"][1]


def test_before_the_first_start(course, monkeypatch, capfd):
    """Nothing is known of the spawner yet."""
    Path(course.data_folder / "hub" / "options.json").unlink(missing_ok=True)
    assert in_process(["doctor", "--infra"], course.root, monkeypatch) == 2
    assert "no hub was started" in capfd.readouterr().err
