"""``/course/<unit>`` on a person's server: the notebook, fetched if need be, never over somebody's work."""

import os
import subprocess
import sys
import time

import httpx
import pytest

from autograder.exchange.client.service import TOKEN_VARIABLE, URL_VARIABLE

from .stage import free_port

MODULE = "autograder.hub.servers.opening"


@pytest.fixture
def server(stage, tmp_path):
    """A notebook server as a student has it, without the hub; yields a client of it and its folder."""
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "COURSE_NAME": stage.course.name,
        URL_VARIABLE: stage.url,
        TOKEN_VARIABLE: stage.hub.token("student-001", f"nbgrader-{stage.course.name}"),
    }
    command = [sys.executable, "-P", "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--ServerApp.jpserver_extensions={{'{MODULE}': True}}", "--IdentityProvider.token=t"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, headers={"Authorization": "token t"}, timeout=30) as client:
            ends = time.monotonic() + 60
            while time.monotonic() < ends:
                try:
                    client.get("/api")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield client, home
    finally:
        process.terminate()
        process.wait(20)


def test_the_notebook_opens_whether_it_was_fetched_or_not(server, stage):
    """Fetched once; what the student has written since stays, and a unit that is not there says so."""
    client, home = server
    mine = home / stage.course.name / "softmax" / "softmax.ipynb"
    for content in (None, "my work"):
        answer = client.get("/course/softmax")
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"] == f"/lab/tree/{stage.course.name}/softmax/softmax.ipynb"
        if content is None:
            assert b"softmax_forward" in mine.read_bytes()
            mine.write_text("my work")
        assert mine.read_text() == "my work"
    mine.rename(mine.with_name("renamed.ipynb"))
    assert client.get("/course/softmax").headers["location"] == f"/lab/tree/{stage.course.name}/softmax"
    gone = client.get("/course/nothing")
    assert gone.status_code == 404
    assert "was not fetched" in gone.text
    assert 'href="/lab"' in gone.text
    assert not (home / stage.course.name / "nothing").exists()
    stranger = httpx.get(f"{client.base_url}/course/softmax")
    assert stranger.status_code in (302, 403)
    assert "lab/tree" not in stranger.headers.get("location", "")
