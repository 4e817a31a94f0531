"""With accounts of the system, students reach nothing that is not theirs."""

import os
import subprocess
import time

import httpx
import pytest

from autograder.hub.process.options import hub_folder
from autograder.marks.roster import Member
from tests.hub.accounts import NEEDS_ROOT, accounts
from tests.hub.support import LITTLE, RunningHub, processes_below
from tests.hub.test_running import _headers, _logged_in
from tests.shared_python import shared_python

NAMES = tuple(f"crs-{os.getpid()}-{number}" for number in (1, 2))  # of this process: runs may overlap
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("hub"),
    NEEDS_ROOT,
]


@pytest.fixture(scope="module")
def users():
    with accounts(NAMES):
        yield NAMES


@pytest.fixture(scope="module")
def python():
    with shared_python() as program:
        yield program


@pytest.fixture(scope="module")
def hub(users, python, tmp_path_factory):
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in users))
    folder = tmp_path_factory.mktemp("system") / "course"
    hub = RunningHub(folder, "--spawner", "system", members=members, python=python, original=LITTLE)
    hub.course.root.chmod(0o700)
    hub.course.root.parent.chmod(0o755)
    with hub:
        yield hub


def _as(user, *command):
    """Run a command as that user, from a folder that everybody may enter."""
    return subprocess.run(
        command, user=user, group=user, extra_groups=[], cwd="/", capture_output=True, text=True
    )


def test_files_stay_closed(hub, users):
    """Course, solutions, passwords, gradebook, tokens and other homes cannot be read or written."""
    one, other = users
    root, data = hub.course.root, hub.course.data_folder
    (data / "gradebook.db").touch()
    closed = [
        root / "solutions" / "little.py",
        root / "assignments" / "little" / "grader.py",
        data / "gradebook.db",
        data / "roster.csv",
        hub_folder(hub.course) / "passwords",
        hub_folder(hub.course) / "tokens" / "roster",
        f"/home/{one}/.bashrc",
        *(f"/proc/{pid}/environ" for pid in processes_below(data)),
    ]
    for path in closed:
        assert os.path.exists(path), path  # the control: it is there, and root can read it
        assert _as(other, "cat", str(path)).returncode != 0, path
    assert _as(one, "cat", f"/home/{one}/.bashrc").returncode == 0
    assert _as(other, "touch", f"{data}/x").returncode != 0


def test_a_server_runs_as_its_user(hub, users):
    """And its environment, with its token, cannot be read by another student."""
    one, other = users
    with _logged_in(hub, one) as client:
        token = hub.token(client, one)
    answer = httpx.post(f"{hub.url}/hub/api/users/{one}/server", headers=_headers(token), json={}, timeout=60)
    assert answer.status_code in (201, 202), answer.text
    end = time.monotonic() + 90
    while httpx.get(f"{hub.url}/user/{one}/api/status", headers=_headers(token)).status_code != 200:
        assert time.monotonic() < end
        time.sleep(1)
    found = subprocess.run(
        ["pgrep", "-u", one, "-f", "singleuser"], capture_output=True, text=True
    ).stdout.split()
    assert found, "no server runs as its user"
    for pid in found:
        assert _as(other, "cat", f"/proc/{pid}/environ").returncode != 0


def test_a_students_token_opens_only_their_own_server(hub, users):
    """Not the other's, no list of people, nobody's tokens."""
    one, other = users
    with _logged_in(hub, other) as client:
        token = _headers(hub.token(client, other))
    for path in (f"users/{one}", f"users/{one}/tokens"):
        assert httpx.get(f"{hub.url}/hub/api/{path}", headers=token).status_code in (403, 404), path
    start = httpx.post(f"{hub.url}/hub/api/users/{one}/server", headers=token, json={})
    assert start.status_code in (403, 404)
    assert httpx.get(f"{hub.url}/hub/api/users", headers=token).status_code == 403
