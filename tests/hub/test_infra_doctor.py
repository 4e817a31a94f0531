"""``course doctor --infra``: what is missing for the servers of the last start is named, with what to do."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.hub.doctor import infra, one_job
from autograder.hub.process.left_open import note
from autograder.hub.process.options import Options
from autograder.marks.roster import Member, add, roster_file
from tests.batch.small import in_process
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.kube_api import kube_api
from tests.hub.support import free_port
from tests.shared_python import shared_python
from tests.slurm import running_slurm
from tests.waiting import until

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


def test_a_cluster_is_asked(course, monkeypatch, tmp_path):
    """Whether profiles fit some node, and what the hub may do; what it need not know is not tried."""
    options = {"spawner": "kubernetes", "hub_address": "hub"}
    has = {"cpu": "8", "memory": "16Gi", "nvidia.com/gpu": "1"}
    with kube_api(tmp_path, monkeypatch) as api:
        api.lists["nodes"] = [{"metadata": {}, "spec": {}, "status": {"allocatable": has}}]
        found = looked(course, **options)
        assert found["scheduler"][0] == found["rights in the cluster"][0] == "fine"
        has["nvidia.com/gpu"], api.forbidden = "0", {("watch", "pods"), ("list", "events")}
        found = looked(course, **options)
        assert (
            found["scheduler"][0] == "WRONG"
            and "a node of the cluster has at most 0" in found["scheduler"][1]
        )
        said = found["rights in the cluster"][1]
        assert "may not watch pods in the namespace course" in said and said.count("may not") == 2
        assert looked(course, **options, autoscaled=True)["scheduler"][0] == "fine"
        api.refuses["nodes"] = 403
        state, said = looked(course, **options)["scheduler"]
        assert state == "not tried" and "nodes.yaml" in said
    found = looked(course, **options)  # nobody answers any more
    assert found["scheduler"][0] == "WRONG" and "does not answer" in found["scheduler"][1]
    assert found["rights in the cluster"][0] == "not tried"


def test_slurm_is_asked(course, monkeypatch, tmp_path):
    """As at the hub's start; a controller that does not answer is a fault."""
    program = tmp_path / "sinfo"
    for text, code, state, said in (
        ("course|8|64000|8:00:00|gpu:2", 0, "fine", "some machine has what each profile asks for"),
        ("course|8|64000|8:00:00|(null)", 0, "WRONG", "asks for 1 GPUs, but partition course has at most 0"),
        ("", 1, "WRONG", "Slurm does not answer"),
    ):
        program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        found = looked(course, spawner="slurm", hub_address="127.0.0.1")["scheduler"]
        assert found[0] == state and said in found[1]


@NEEDS_ROOT
def test_one_job_as_a_student(course, tmp_path):
    """It names what a server would miss; the control: with a Python that everybody may run nothing of it."""
    name = f"job-{os.getpid()}"
    assert looked(course, spawner="system")["one job as a student"] == (
        "not tried", "no student on the roster has an account here",
    )  # fmt: skip
    add(roster_file(course), [Member(name, "student")])
    with accounts([name]), shared_python() as python, http_hub() as port:
        options = Options(spawner="system", hub_port=port, exchange="shared")
        said = list(one_job.one_job(course, options))
        if Path(sys.executable).resolve().is_relative_to("/root"):  # as a version manager installs it
            assert "Permission denied" in said[0]
        note(course, options)
        (home,) = [Path(each.pw_dir) for each in pwd.getpwall() if each.pw_name == name]
        assert _job(python, course) == ("fine", one_job.one_job.__doc__.partition(": ")[2])
        home.chmod(0o500)
        state, said = _job(python, course)
        assert state == "WRONG" and said == f"the home {home} cannot be written there"
        note(course, Options(spawner="system", hub_port=free_port(), exchange="shared"))
        home.chmod(0o700)
        assert "the hub does not answer at http://127.0.0.1" in _job(python, course)[1]


@pytest.mark.slow
@pytest.mark.xdist_group("slurm")
@NEEDS_ROOT
def test_one_job_of_a_students_on_slurm(course):
    """Submitted as the hub does it; a cluster that is full is no fault."""
    name = f"job-{os.getpid()}"
    add(roster_file(course), [Member(name, "student")])
    with accounts([name]), shared_python() as python, http_hub() as port, running_slurm() as slurm:
        note(course, Options(spawner="slurm", hub_address="127.0.0.1", hub_port=port, exchange="shared"))
        assert _job(python, course, slurm.environment)[0] == "fine"
        blocker = slurm.ask("sbatch", "--parsable", "--exclusive", "-o/dev/null", "--wrap=sleep 300")
        until(lambda: slurm.ask("squeue", "-h", f"-j{blocker}", "-o", "%T") == "RUNNING", "blocker", 30)
        state, said = _job(python, course, slurm.environment)
        assert state == "not tried" and "Slurm started no job within 30 seconds" in said
        assert not slurm.ask("squeue", "-h", f"--user={name}"), "nothing waits any more"
        slurm.ask("scancel", blocker)


def _job(python: Path, course: Course, environment: dict[str, str] | None = None) -> tuple[str, str]:
    done = subprocess.run(
        [python.with_name("course"), "doctor", "--infra", "--json"],
        cwd=course.root, env={**os.environ, **(environment or {})}, capture_output=True, text=True,
    )  # fmt: skip
    (found,) = [each for each in json.loads(done.stdout)["findings"] if each["what"].startswith("one job")]
    return found["state"], found["says"]


@contextmanager
def http_hub() -> Iterator[int]:
    """Something that answers as a hub's API does."""
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Answers(BaseHTTPRequestHandler):
    """200 for everybody."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_before_the_first_start(course, monkeypatch, capfd):
    """Nothing is known of the spawner yet."""
    Path(course.data_folder / "hub" / "options.json").unlink(missing_ok=True)
    assert in_process(["doctor", "--infra"], course.root, monkeypatch) == 2
    assert "no hub was started" in capfd.readouterr().err
