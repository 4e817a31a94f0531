"""Before a server ends, JupyterLab says when, and saves what is changed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SHOTS
from tests.e2e.lab import SHORT, SOON, Classroom, LabVisitor
from tests.waiting import until

AUTOSAVE = 110.0  # seconds; JupyterLab saves by itself every 120
MARGIN = (
    90.0  # seconds: killed half a minute after it was asked to end, and asked for by the hub now and then
)


@pytest.fixture
def student(classroom: Classroom, chromium: Any) -> Iterator[LabVisitor]:
    """Another student."""
    visitor = LabVisitor(chromium, classroom, "student-002", SHOTS)
    yield visitor
    visitor.page.context.close()


def notice(page: Page) -> Any:
    """What JupyterLab notifies about the server's end."""
    return page.locator(".Toastify__toast", has_text="Your server ends at")


def test_what_is_changed_is_saved_before_the_end(student: LabVisitor, classroom: Classroom) -> None:
    """A server that really ends: the notice comes, the change is saved, the server ends when it was said."""
    classroom.start_server(student.name, "short")
    started = time.monotonic()
    page = student.notebook()
    expect(notice(page)).to_contain_text(
        re.compile(r"Your server ends at \d\d:\d\d, in (2 minutes|a minute)\."), timeout=SOON
    )
    opened = time.monotonic()
    student.shot("lab-end")
    student.types("# typed before the end")
    assert "typed before the end" not in student.saved
    until(lambda: "typed before the end" in student.saved, "saved file")
    assert time.monotonic() - opened < AUTOSAVE, "JupyterLab's own saving came first"
    expect(page.locator(".Toastify__toast", has_text="file was saved").first).to_be_visible()
    until(lambda: gone(student), "end of the server")
    assert SHORT - 20 < time.monotonic() - started < SHORT + MARGIN
    assert "typed before the end" in student.saved


def test_the_notice_comes_15_and_5_minutes_before(student: LabVisitor, classroom: Classroom) -> None:
    """Not before; it says the time, and at the second a change is saved."""
    classroom.start_server(student.name, "small")
    left = {"seconds": 1000.0}
    page = student.open("/hub/home")
    page.route(
        "**/course-tools/end*",
        lambda route: route.fulfill(body=json.dumps(left), content_type="application/json"),
    )
    page.clock.install()
    page = student.notebook()
    student.types("# typed long before the end")
    expect(notice(page)).to_be_hidden()
    pass_time(page, left, 101)
    expect(notice(page)).to_contain_text(
        re.compile(r"ends at \d\d:\d\d, in 15 minutes\. Changed files are saved")
    )
    assert page.locator(".Toastify__toast").get_by_role("button", name="Save all now").count() == 1
    assert "typed long before" not in student.saved
    student.shot("lab-end-15")
    pass_time(page, left, 600)
    expect(notice(page)).to_contain_text("in 5 minutes.")
    expect(notice(page)).to_have_count(1)
    until(lambda: "typed long before" in student.saved, "saved file")
    student.shot("lab-end-5")


def test_a_server_without_an_end_says_nothing(student: LabVisitor, classroom: Classroom) -> None:
    """Where the hub's spawner tells none."""
    page = student.open("/hub/home")
    page.route(
        "**/course-tools/end*",
        lambda route: route.fulfill(body='{"seconds": null}', content_type="application/json"),
    )
    page.clock.install()
    page = student.notebook()
    page.clock.fast_forward(8 * 3600 * 1000)
    page.wait_for_timeout(3000)
    expect(notice(page)).to_be_hidden()


def pass_time(page: Page, left: dict[str, float], seconds: int) -> None:
    """Let the browser's clock, and what the server says is left, go on."""
    left["seconds"] -= seconds
    page.clock.fast_forward(seconds * 1000)


def gone(student: LabVisitor) -> bool:
    """Whether the server answers no longer."""
    hub = student.hub
    headers = {"Authorization": f"token {hub.exchange(student.name).token}"}
    at = f"{hub.url}/user/{student.name}/api/status"
    try:
        return not httpx.get(at, headers=headers, timeout=10).is_success
    except httpx.HTTPError:  # on its way out
        return False
