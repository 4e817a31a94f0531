"""The page of a student who waits for a GPU, in a real browser through the shipped proxy."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.hub.light import HOURS, Person, light_hub
from tests.hub.support import ROOT
from tests.needs import WCAG

SHOTS = ROOT / "tests" / "screenshots"
LONG = 30.0  # seconds that the student waits
LINE = "#progress-message"
pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def hub(tmp_path):
    with light_hub(tmp_path, HOURS) as hub:
        yield hub


@pytest.fixture
def page(hub, chromium):
    """Logged in, and on the way to a server with a GPU."""
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{hub.url}/hub/spawn")
    page.fill("#username_input", "student-002")
    page.fill("#password_input", hub.passwords["student-002"])
    page.click("#login_submit")
    page.check("#profile-gpu")
    yield page
    context.close()


def _asks(page):
    page.click("#spawn_form [type=submit]")
    page.get_by_role("heading", name="Your server is starting").wait_for()


@contextmanager
def _next(hub, page):
    """Somebody else has the GPU, and the student is next."""
    with ExitStack() as stack:
        first = Person(hub, "student-001", stack)
        first.ask("gpu")
        first.waits_until_up()
        _asks(page)
        page.locator(LINE, has_text="you are next").wait_for()
        yield


@pytest.mark.parametrize("heard", [True, False], ids=["with events", "without events"])
def test_behind_two_others(hub, page, heard):
    """Half a minute: place, latest start and GPU time are read, the place changes, the server opens."""
    SHOTS.mkdir(exist_ok=True)
    with ExitStack() as stack:
        first, second = (Person(hub, name, stack) for name in ("student-001", "ta-001"))
        first.ask("gpu")
        first.waits_until_up()
        second.ask("gpu")
        second.reads("you are next")
        if not heard:
            page.route("**/server/progress*", lambda route: None)
        _asks(page)
        page.locator(LINE, has_text="1 before you").wait_for()
        page.locator(LINE, has_text="Your server starts in about 4 hours at the latest.").wait_for()
        assert "10:00 of 10:00 hours are left" in page.locator("body").inner_text()
        page.screenshot(path=SHOTS / "gpu-waits.png")
        if heard:
            found = Axe().run(page, options=WCAG)
            assert found.response["violations"] == [], found.generate_report()
        time.sleep(LONG)
        page.locator(LINE, has_text="1 before you").wait_for()
        assert first.client.delete(f"{first.place}/server", timeout=60).is_success
        page.locator(LINE, has_text="you are next").wait_for()
        assert second.client.delete(f"{second.place}/server", timeout=60).is_success
        page.wait_for_url("**/user/student-002/**")
        page.unroute_all(behavior="ignoreErrors")


def test_a_hub_that_is_killed_meanwhile(hub, page):
    """The page says at last that no server starts, and does not stay at "starting"."""
    with _next(hub, page):
        hub.kill()
        time.sleep(3)
        hub.start()
        page.get_by_role("heading", name="Server not running").wait_for(timeout=60_000)
        page.screenshot(path=SHOTS / "gpu-hub-killed.png")


def test_stop_on_the_page(hub, page):
    """Takes the student out of the queue, and the page says that there is no server."""
    with _next(hub, page):
        page.click("#stop-server-btn")
        page.get_by_role("heading", name="Server not running").wait_for(timeout=60_000)
        page.screenshot(path=SHOTS / "gpu-stopped.png")
