"""What ends with a hub, what outlives it, and what happens to work when a server is killed."""

import json
import os
import re
import signal
import time
from pathlib import Path

import httpx
import pytest

from autograder.exchange.client.service import Service
from autograder.exchange.client.trees import read_tree
from tests.hub.support import LITTLE, ROOT, RunningHub, processes_below
from tests.hub.test_running import _headers, _logged_in
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
UNIT = "conv_layer"
NAME = "student-001"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with RunningHub(tmp_path_factory.mktemp("processes") / "course") as hub:
        with _logged_in(hub, "instructor") as client:
            staff = Service(f"{hub.url}/services/exchange", hub.token(client, "instructor"))
        staff.release(UNIT, read_tree(ROOT / "release" / UNIT), force=False)
        yield hub


@pytest.fixture(scope="module")
def token(hub):
    """The student's, which survives servers and hubs."""
    with _logged_in(hub, NAME) as client:
        return hub.token(client, NAME)


def test_a_killed_server_loses_no_submission_and_starts_again(hub, token):
    """kill -9 of a notebook server: its kernel ends, the hub notices, and its page starts another."""
    student = Service(f"{hub.url}/services/exchange", token)
    with _logged_in(hub, NAME) as client:
        _start(client)
        _kernel(client)
        saved = hub.course.data_folder / "hub" / "homes" / NAME / "work.txt"
        saved.write_text("saved before")
        student.submit(UNIT, {f"{UNIT}.ipynb": (ROOT / "release" / UNIT / f"{UNIT}.ipynb").read_bytes()})
        before = [attempt["id"] for attempt in student.attempts(UNIT)]
        old = _processes(hub, "autograder.hub.servers.singleuser", "ipykernel_launcher")
        assert len(old) == 3, [_command(pid) for pid in old]  # time limit, server, kernel
        server = next(pid for pid in old if _command(pid).startswith(b"/") and b"singleuser" in _command(pid))
        os.kill(server, signal.SIGKILL)
        until(lambda: not [pid for pid in old if _alive(pid)], "end of its processes", 20)
        until(lambda: not _model(hub, token)["server"], "end of the server for the hub", 20)
        _start(client)
        assert client.get(f"/user/{NAME}/api/contents/work.txt").json()["content"] == "saved before"
    new = _processes(hub, "autograder.hub.servers.singleuser")
    assert new and not set(new) & set(old)
    assert [attempt["id"] for attempt in student.attempts(UNIT)] == before and len(before) == 1


def test_nbgraders_buttons_answer_at_once(hub):
    """Also while nbgrader is still being imported; strangers get nothing, and validate validates."""
    path = f"{hub.course.name}/{UNIT}/{UNIT}.ipynb"
    with _logged_in(hub, "student-002") as client:
        _start(client)
        word = _word(client)
        listed = client.get("/user/student-002/assignments", params={"course_id": hub.course.name}).json()
        assert listed["success"] and [one["assignment_id"] for one in listed["value"]] == [UNIT]
        fetched = client.post(
            "/user/student-002/assignments/fetch",
            json={"course_id": hub.course.name, "assignment_id": UNIT},
            headers={"X-XSRFToken": word},
        ).json()
        assert fetched["success"], fetched
        answer = client.post(
            "/user/student-002/assignments/validate",
            json={"path": path},
            headers={"X-XSRFToken": word},
        ).json()
        assert answer["success"] and "NotImplementedError" in json.dumps(answer["value"]), answer
        assert client.get("/user/student-002/formgraders").status_code == 404  # for staff
    stranger = httpx.get(f"{hub.url}/user/student-002/assignments", params={"course_id": hub.course.name})
    assert stranger.status_code in (302, 403)


def test_the_way_to_a_notebook_imports_no_torch(hub):
    """Neither hub and formgrader nor a person's server."""
    pids = [
        hub.process.pid,
        *_processes(hub, "autograder.hub.servers.singleuser", "autograder.hub.servers.formgrader"),
    ]
    assert len(pids) >= 3
    for pid in pids:
        assert b"libtorch" not in Path(f"/proc/{pid}/maps").read_bytes(), _command(pid)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_all_but_peoples_servers_end_with_the_hub(hub, token, how):
    """Proxy, exchange with its workers, formgrader and culler end; the next hub finds people's servers."""
    with _logged_in(hub, NAME) as client:
        _start(client)
    peoples = set(_processes(hub, "autograder.hub.servers.singleuser", "ipykernel_launcher"))
    ours = [pid for pid in _descendants(hub.process.pid) if pid not in peoples]
    commands = b"\n".join(_command(pid) for pid in ours)
    for part in (b"http-proxy", b"exchange", b"publisher", b"worker", b"formgrader", b"culler"):
        assert part in commands, commands
    if how == "killed":
        hub.kill()
    else:
        hub.process.terminate()
        assert hub.process.wait(30) == 0
    until(lambda: not [pid for pid in ours if _alive(pid)], "end of all of the hub's processes", 20)
    assert all(_alive(pid) for pid in peoples)
    hub.start()
    until(lambda: _model(hub, token)["server"], "server for the next hub", 20)
    assert httpx.get(f"{hub.url}/user/{NAME}/api/status", headers=_headers(token)).status_code == 200


def test_a_service_that_does_not_start_ends_the_hub(tmp_path):
    """With exit code 1 and the service's name, so that its operator cannot overlook it."""
    hub = RunningHub(tmp_path / "course", original=LITTLE, environment={"COURSE_EXCHANGE_DB": "no database"})
    try:
        with pytest.raises(AssertionError, match="service exchange does not start"):
            hub.start()
        assert hub.process.wait(10) == 1
        until(lambda: not processes_below(hub.course.root), "end of all that was started", 10)
    finally:
        hub.stop()


def _start(client):
    """Start the person's server on the hub's page and wait for JupyterLab."""
    client.get("/hub/spawn")
    end = time.monotonic() + 60
    name = client.get("/hub/home").text
    name = re.search(r"/user/([a-z0-9-]+)", name).group(1)
    while "jupyter-config-data" not in (page := client.get(f"/user/{name}/lab")).text:
        assert time.monotonic() < end, page.text
        time.sleep(0.1)


def _word(client):
    return next(cookie.value for cookie in client.cookies.jar
                if cookie.name == "_xsrf" and "user" in cookie.path)  # fmt: skip


def _kernel(client):
    answer = client.post(f"/user/{NAME}/api/kernels", json={}, headers={"X-XSRFToken": _word(client)})
    assert answer.status_code == 201, answer.text


def _model(hub, token):
    return httpx.get(f"{hub.url}/hub/api/users/{NAME}", headers=_headers(token)).json()


def _processes(hub, *words):
    """Processes of this hub whose command has one of the words."""
    found = processes_below(hub.course.data_folder)
    return [pid for pid in found if any(word.encode() in _command(pid) for word in words)]


def _descendants(pid):
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(int(entry.name))):
            parents.setdefault(parent, []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        left += (below := parents.get(left.pop(), []))
        found += below
    return found


def _stat(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _parent(pid):
    return int(stat[1]) if (stat := _stat(pid)) else 0


def _alive(pid):
    return (stat := _stat(pid)) is not None and stat[0] not in "ZX"


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return b""
