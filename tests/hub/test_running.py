"""A running hub: logins, roles, tokens, what survives a kill."""

import json
import re
import time
from contextlib import contextmanager

import httpx
import pytest

from autograder.demo.solving import solved
from autograder.exchange.client.service import Service
from autograder.exchange.client.trees import read_tree
from autograder.hub.people import passwords
from autograder.hub.process.options import hub_folder
from autograder.marks.roster import drop, roster_file
from tests.hub.support import LITTLE, RunningHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
UNIT = "little"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with RunningHub(tmp_path_factory.mktemp("hub") / "course", original=LITTLE) as hub:
        yield hub


def test_login_needs_roster_and_password(hub):
    """A wrong password and an unknown name get the same answer."""
    with httpx.Client(base_url=hub.url, follow_redirects=True) as client:
        answers = [
            hub.log_in(client, name, word)
            for name, word in (("student-002", "wrong"), ("nobody", "wrong"), ("student-002", ""))
        ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("Invalid username or password" in answer.text for answer in answers)
    with _logged_in(hub, "student-002") as client:
        assert client.get("/hub/home").url.path == "/hub/home"


def test_nginx_is_asked_to_keep_nothing_back(hub):
    """Else who waits for a server sees no line; seen with nginx itself in tests/infra/test_kubernetes.py."""
    for page in ("login", "api/users/student-001/server/progress"):
        assert httpx.get(f"{hub.url}/hub/{page}").headers["X-Accel-Buffering"] == "no", page


def test_failed_logins_have_to_wait(hub):
    """After five failures even the right password waits, and the page says how long."""
    with httpx.Client(base_url=hub.url, follow_redirects=True) as client:
        for _ in range(5):
            hub.log_in(client, "ta-001", "wrong")
        answer = hub.log_in(client, "ta-001", hub.passwords["ta-001"])
        assert answer.status_code == 429 and "Please wait" in answer.text
        time.sleep(2.5)
        assert hub.log_in(client, "ta-001", hub.passwords["ta-001"]).status_code == 200


def test_formgrader_is_for_staff(hub):
    """A student gets 403; staff see formgrader, and the server beside the gradebook runs nothing."""
    page = "/services/little/formgrader"
    with _logged_in(hub, "student-001") as student, _logged_in(hub, "instructor") as staff:
        assert student.get(page).status_code == 403
        assert staff.get(page).status_code == 200
        base = "/services/little"
        token = {"X-XSRFToken": staff.cookies.get("_xsrf", path=f"{base}/") or ""}
        for method, path in (("POST", "/api/kernels"), ("GET", "/api/contents"), ("GET", "/files/source")):
            answer = staff.request(method, base + path, headers=token, json={} if method == "POST" else None)
            assert answer.status_code in (403, 404), (path, answer.status_code)
        assert staff.post(base + "/api/terminals", headers=token).status_code in (403, 404)


def test_health_and_metrics(hub):
    """Health answers everybody; metrics ask for a token that the operator's file holds."""
    token = (hub_folder(hub.course) / "tokens" / "metrics").read_text().strip()
    assert httpx.get(f"{hub.url}/hub/health").status_code == 200
    assert httpx.get(f"{hub.url}/hub/metrics").status_code == 403
    answer = httpx.get(f"{hub.url}/hub/metrics", headers={"Authorization": f"token {token}"})
    assert answer.status_code == 200 and "jupyterhub_" in answer.text


def test_students_cannot_start_second_servers(hub):
    """Named servers are for copies that staff open."""
    with _logged_in(hub, "student-002") as student:
        token = hub.token(student, "student-002")
        path = f"{hub.url}/hub/api/users/student-002/servers/mine"
        answer = httpx.post(path, headers={"Authorization": f"token {token}"}, json={}, timeout=60)
        assert answer.status_code == 403


def test_a_password_is_changed_on_its_page(hub):
    """The old one is asked for; afterwards only the new one opens."""
    with _logged_in(hub, "student-002") as client:
        page = client.get("/hub/change-password").text
        word = re.search(r'name="_xsrf" value="([^"]*)"', page).group(1)
        new = {"_xsrf": word, "new": "a longer secret", "again": "a longer secret"}
        assert client.post("/hub/change-password", data={**new, "old": "wrong"}).status_code == 403
        answer = client.post("/hub/change-password", data={**new, "old": hub.passwords["student-002"]})
        assert "is changed" in answer.text
    hashes = passwords.read_hashes(hub_folder(hub.course) / "passwords")
    assert passwords.matches("a longer secret", hashes["student-002"])
    hub.passwords["student-002"] = "a longer secret"


def test_a_killed_hub_loses_no_submission(hub):
    """kill -9 of the hub right after a submission; the next hub has it, and grades it."""
    with _logged_in(hub, "instructor") as client:
        staff = Service(f"{hub.url}/services/exchange", hub.token(client, "instructor"))
    with _logged_in(hub, "student-001") as client:
        student = Service(f"{hub.url}/services/exchange", hub.token(client, "student-001"))
    unit = hub.course.unit(UNIT)
    staff.release(UNIT, read_tree(unit.release), force=False)
    notebook = json.loads(unit.released_notebook.read_text())
    content = json.dumps(solved(notebook, unit.reference.read_text())).encode()
    student.submit(UNIT, {f"{UNIT}.ipynb": content})
    hub.kill()
    hub.start()
    end = time.monotonic() + 150
    while "100.0" not in (found := json.dumps(student.attempts(UNIT))):
        assert time.monotonic() < end, found
        time.sleep(1)
    assert len(student.attempts(UNIT)) == 1


def test_whoever_is_dropped_is_out(hub):
    """From the roster: no login, and tokens end within the time that settings.py names."""
    with _logged_in(hub, "student-002") as client:
        token = hub.token(client, "student-002")
    drop(roster_file(hub.course), "student-002")
    with httpx.Client(base_url=hub.url, follow_redirects=True) as client:
        assert hub.log_in(client, "student-002", hub.passwords["student-002"]).status_code == 403
    from autograder.hub.people.departures import end_on_hub

    assert "tokens ended" in end_on_hub(hub.course, "student-002")
    assert httpx.get(f"{hub.url}/hub/api/user", headers=_headers(token)).status_code == 403


def _headers(token):
    return {"Authorization": f"token {token}"}


@contextmanager
def _logged_in(hub, name):
    client = hub.browserless(name)
    try:
        yield client
    finally:
        client.close()
