"""Who may do what: every route against every kind of caller."""

import pytest

from autograder.exchange.routes import handing_in, managing_pages, pages, receipts, staff_pages
from autograder.exchange.routes.api import ROUTES as API

from .stage import files, notebook, packed

# method, route, status for: owner, other student, TA, instructor, other course's TA, nobody, bad token
CALLERS = ("owner", "other", "ta", "instructor", "foreign", "nobody", "bad")
MATRIX = [
    ("GET", "health", (200, 200, 200, 200, 200, 200, 200)),
    ("GET", "receipt-key", (200, 200, 200, 200, 200, 200, 200)),
    ("GET", "me", (200, 200, 200, 200, 403, 401, 401)),
    ("GET", "units", (200, 200, 200, 200, 403, 401, 401)),
    ("GET", "units/softmax/release", (200, 200, 200, 200, 403, 401, 401)),
    ("PUT", "units/softmax/release", (403, 403, 403, 409, 403, 401, 401)),
    ("POST", "units/softmax/attempts", (201, 201, 201, 201, 403, 401, 401)),
    ("POST", "units/softmax/look", (200, 200, 200, 200, 403, 401, 401)),
    ("GET", "units/softmax/attempts", (200, 200, 200, 200, 403, 401, 401)),
    ("POST", "units/softmax/late-day", (409, 409, 409, 409, 403, 401, 401)),
    ("POST", "units/softmax/late-day?student=student-001", (409, 403, 403, 409, 403, 401, 401)),
    ("GET", "units/softmax/marks", (403, 403, 200, 200, 403, 401, 401)),
    ("GET", "units/softmax/submissions", (403, 403, 200, 200, 403, 401, 401)),
    ("POST", "units/softmax/requeue", (403, 403, 200, 200, 403, 401, 401)),
    ("GET", "attempts/{attempt}", (200, 404, 200, 200, 403, 401, 401)),
    ("GET", "attempts/{attempt}/receipt", (200, 404, 200, 200, 403, 401, 401)),
    ("GET", "attempts/{attempt}/files", (200, 404, 200, 200, 403, 401, 401)),
    ("GET", "attempts/{attempt}/result", (409, 404, 409, 409, 403, 401, 401)),
    ("GET", "attempts/{attempt}/feedback", (200, 404, 200, 200, 403, 401, 401)),
    ("POST", "attempts/{attempt}/hints/softmax_forward", (409, 404, 403, 403, 403, 401, 401)),
    ("PUT", "attempts/{attempt}/feedback", (403, 403, 403, 200, 403, 401, 401)),
    ("POST", "attempts/{attempt}/requeue", (403, 403, 200, 200, 403, 401, 401)),
    ("DELETE", "units/softmax/release", (403, 403, 403, 200, 403, 401, 401)),
]


@pytest.fixture
def people(stage):
    """A client for each kind of caller."""
    return {
        "owner": stage.student("student-001"),
        "other": stage.student("student-002"),
        "ta": stage.staff("ta-1"),
        "instructor": stage.instructor(),
        "foreign": stage.client(stage.hub.token("ta-9", "formgrade-physics", "nbgrader-physics")),
        "nobody": stage.client(None),
        "bad": stage.client("0" * 32),
    }


def _body(method, path, stage):
    if path.endswith("feedback"):
        return {"files": [packed("softmax.html", b"<p>well done</p>")]}
    return files(softmax_ipynb=notebook(stage.course)) if method in ("PUT", "POST") else None


@pytest.mark.parametrize("who", range(len(CALLERS)), ids=CALLERS)
def test_each_caller_gets_what_is_his(stage, people, who):
    """Students reach their own attempts only, staff all; what reaches all at once is the instructors'."""
    body = files(softmax_ipynb=notebook(stage.course))
    attempt = people["owner"].post("api/units/softmax/attempts", json=body).json()["id"]
    client = people[CALLERS[who]]
    got = {}
    for method, path, _ in MATRIX:
        answer = client.request(
            method, f"api/{path.format(attempt=attempt)}", json=_body(method, path, stage)
        )
        got[method, path] = answer.status_code
        assert answer.is_success or set(answer.json()) == {"error"}
    assert got == {(method, path): statuses[who] for method, path, statuses in MATRIX}


def test_the_matrix_names_every_route():
    """A route that nobody has thought about fails this test."""
    listed = {(method, "/api/" + path.partition("?")[0]) for method, path, _ in MATRIX}
    listed = {(m, p.replace("softmax_forward", "{task}").replace("softmax", "{unit}")) for m, p in listed}
    routed = {(method, route.path) for route in API.routes for method in route.methods}
    assert routed == listed


def test_every_page_asks_for_a_login(stage):
    """Without a session each page sends to the hub's login, and shows nothing."""
    open_to_all = {"/oauth_callback", "/static/exchange.css", "/static/exchange.js", "/static/typing.js"}
    for route in [
        route
        for part in (pages, handing_in, receipts, staff_pages, managing_pages)
        for route in part.ROUTES.routes
    ]:
        if route.path in open_to_all:
            continue
        path = route.path.lstrip("/").replace(":path}", "}")
        path = path.format(unit="softmax", attempt="0" * 32, name="softmax", path="x", student="student-001")
        for method in route.methods:
            answer = stage.client(None).request(method, path)
            assert answer.status_code == 302, (method, route.path)
            assert answer.headers["location"].startswith(f"{stage.hub.url}/hub/api/oauth2/authorize?")


@pytest.mark.parametrize("header", ["", "token", "Basic abc", "token \u00e9".encode("latin-1"), "x" * 9000])
def test_odd_authorization_headers_are_nobody(stage, header):
    """What is no token is answered like no token, and the hub is not asked."""
    asked = stage.hub.asked
    answer = stage.client(None).get("api/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert stage.hub.asked == asked


def test_a_token_made_for_something_else_is_refused(stage):
    """A token without the scope to use this service identifies nobody."""
    token = stage.hub.token("student-001", "nbgrader-course", scopes=("read:users:name!user=student-001",))
    assert stage.client(token).get("api/me").status_code == 401


def test_a_service_is_no_person(stage):
    """A service's token cannot hand in; formgrader, which bears the course's name, acts for staff."""
    token = stage.hub.token("grader", "formgrade-course", kind="service")
    assert stage.client(token).get("api/me").status_code == 403
    formgrader = stage.client(stage.hub.token("course", kind="service"))
    assert formgrader.get("api/me").json()["staff"] is True
    namesake = stage.client(stage.hub.token("course"))
    assert namesake.get("api/me").status_code == 403


def test_a_name_in_the_request_means_nothing(stage):
    """Whoever claims to be somebody else in headers or body is still who the token says."""
    body = files(softmax_ipynb=notebook(stage.course)) | {"student": "student-002"}
    client = stage.student("student-001")
    made = client.post(
        "api/units/softmax/attempts?student=student-002",
        json=body,
        headers={"X-Forwarded-User": "student-002", "Cookie": "jupyterhub-user=student-002"},
    ).json()
    assert made["student"] == "student-001"


def test_a_hub_that_is_away_lets_nobody_in(stage):
    """A fault of the hub is said as such, and is no pass."""
    stage.hub.away = True
    answer = stage.student("student-007").get("api/units")
    assert answer.status_code == 503
    assert "hub does not answer" in answer.json()["error"]
