"""Formgrader's own addresses, on the server that shows it: who saves there writes facts."""

import os
import subprocess
import sys
import time

import httpx
import pytest

from autograder.gradebook import Folders
from autograder.gradebook.database import open_gradebook
from autograder.hub.process.services import FORMGRADER_SETTINGS
from autograder.marks import by_hand, open_facts
from autograder.results.result import Verdict
from tests.gradebook.conftest import booked, built, course, mark_of, result  # noqa: F401 - two are fixtures
from tests.hub.support import free_port

TOKEN = "a-word-for-this-test"


@pytest.fixture
def formgrader(course, tmp_path):  # noqa: F811
    """The server with formgrader's settings, without a hub; a client of it."""
    booked(course, result("student-001", Verdict.FAILED))
    port, folders = free_port(), Folders(course)
    environment = os.environ | {
        "COURSE_ROOT": str(course.root),
        "JUPYTER_CONFIG_PATH": str(FORMGRADER_SETTINGS),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "none"),
        "HOME": str(tmp_path),
    }
    command = [
        sys.executable,
        "-P",
        "-m",
        "jupyter_server",
        f"--port={port}",
        f"--IdentityProvider.token={TOKEN}",
    ]
    command += [f"--ServerApp.root_dir={folders.root}", "--allow-root", "--ServerApp.port_retries=0"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folders.root, env=environment, stdout=log, stderr=log)
    try:
        headers = {"Authorization": f"token {TOKEN}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            wait_for(client, process, tmp_path / "log")
            yield client
    finally:
        process.terminate()
        process.wait(30)


def wait_for(client, process, log):
    """Until it answers."""
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            client.get("/formgrader/api/status")
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-4000:])


def keys(course):  # noqa: F811
    """Keys of a graded cell's row and of a comment's."""
    with open_gradebook(course) as gradebook:
        where = ("relu", "relu", "student-001")
        grade = gradebook.find_grade("points-forward", *where)
        return grade.id, gradebook.find_comment("forward", *where).id


def test_formgrader_saves_facts(formgrader, course):  # noqa: F811
    """Points and a comment, by the person who is logged in; the answer is the row as it is then."""
    grade, comment = keys(course)
    answer = formgrader.put(
        f"/formgrader/api/grade/{grade}", json={"manual_score": "33", "extra_credit": None}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["manual_score"], answer.json()["needs_manual_grade"]) == (33.0, False)
    said = formgrader.put(f"/formgrader/api/comment/{comment}", json={"manual_comment": "Nice try."})
    assert said.json()["manual_comment"] == "Nice try."
    assert formgrader.get(f"/formgrader/api/grade/{grade}").json()["manual_score"] == 33.0
    with open_facts(course) as database, database.read() as connection:
        points, words = by_hand.of_unit(connection, "relu")
    assert (points.points, words.comment) == (33.0, "Nice try.")
    assert points.who and words.who  # without a hub, each request of a word is somebody else's
    assert points.why == words.why == "saved in formgrader"
    assert mark_of(course).points == 73.0

    refused = formgrader.put(f"/formgrader/api/grade/{grade}", json={"manual_score": "many"})
    assert refused.status_code == 409
    assert "points have to be a number" in refused.text
    assert formgrader.put("/formgrader/api/grade/none", json={}).status_code == 404

    before = formgrader.get("/formgrader/api/assignment/relu").json()["duedate"]
    date = {"duedate_notimezone": "2030-01-01T00:00", "duedate_timezone": "+0000"}
    dated = formgrader.put("/formgrader/api/assignment/relu", json=date)
    assert dated.status_code == 409
    assert "course_config.py" in dated.json()["error"] and "course extend relu" in dated.json()["error"]
    assert formgrader.get("/formgrader/api/assignment/relu").json()["duedate"] == before
    script = formgrader.get("/formgrader/static/js/manage_assignments.js").text
    assert script.startswith("var getDefaultDuedate") and "course extend {unit}" in script
