"""The page that waits for a server, also where something on the way keeps its stream of events back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autograder.hub.people.departures import stop_server

TOLD = 10.0  # seconds within which the browser says that there will be no server
ENDS = "import os\nos._exit(3)\n"
SLOW = "import time\ntime.sleep(300)\n"


@contextmanager
def _kept_back(student: Any) -> Iterator[list[Any]]:
    """No event ever arrives."""
    events: list[Any] = []
    student.page.route("**/server/progress*", lambda route: events.append(route))
    yield events
    student.page.unroute_all(behavior="ignoreErrors")


@contextmanager
def _server_that(student: Any, text: str) -> Iterator[None]:
    """The student's own settings for their server."""
    file = student.home / ".jupyter" / "jupyter_server_config.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    yield
    file.unlink()


def test_a_page_that_hears_nothing_asks_by_itself(people: dict[str, Any]) -> None:
    """No event ever arrives; JupyterLab comes up all the same, without a click."""
    student = people["student-002"]
    with _kept_back(student) as events:
        student.open("/hub/spawn")  # no server of this student runs, whoever was logged in before
        student.page.wait_for_selector("#jp-MainMenu", timeout=90_000)
        assert events, "the page of a server that starts asks for events"


@pytest.mark.parametrize("heard", [True, False], ids=["with events", "without events"])
def test_a_server_that_ends_before_it_is_up(people: dict[str, Any], heard: bool) -> None:
    """Its owner reads it within ten seconds, with how it ended; the page does not stay at "starting"."""
    student = people["student-002"]
    _stop(student)
    with _kept_back(student) as events, _server_that(student, ENDS):
        if heard:
            student.page.unroute_all()
        student.open("/hub/home")
        begin = time.monotonic()
        student.page.goto(f"{student.hub.url}/hub/spawn")
        student.page.get_by_role("heading", name="Spawn failed").wait_for(timeout=60_000)
        assert time.monotonic() - begin < TOLD
        assert "ended before JupyterLab was up (exit status 3)" in student.page.locator("body").inner_text()
        assert bool(events) != heard


def test_a_server_that_somebody_else_stops(people: dict[str, Any]) -> None:
    """Staff stop it while it starts, and no event arrives; the page says that it does not run."""
    student = people["student-002"]
    with _kept_back(student), _server_that(student, SLOW):
        student.page.goto(f"{student.hub.url}/hub/spawn/{student.name}")
        student.page.get_by_role("heading", name="Your server is starting").wait_for()
        line = student.page.locator("#progress-message", has_text="JupyterLab starts")
        line.wait_for()  # said by the page itself
        stop_server(student.hub.course, student.name)
        begin = time.monotonic()
        student.page.get_by_role("heading", name="Server not running").wait_for(timeout=60_000)
        assert time.monotonic() - begin < TOLD


def _stop(student: Any) -> None:
    student.page.goto("about:blank")
    stop_server(student.hub.course, student.name)
    time.sleep(2)
