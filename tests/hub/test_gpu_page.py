"""The instructors' page of GPUs in a real browser: who holds, how busy, who waits; stop and grant."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.loads import GpuLoad, Loads
from autograder.hub.gpus.settings import book_file
from tests.hub.light import HOURS, Person, light_hub
from tests.hub.support import ROOT
from tests.needs import WCAG
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.browser]
OF_INSTRUCTORS = """
from autograder.hub.people.roles import roles
c.JupyterHub.load_roles += [role for role in roles("little") if role["name"].startswith("instructor-")]
"""
SHOTS = ROOT / "tests" / "screenshots"


@pytest.fixture
def hub(tmp_path):
    with light_hub(tmp_path, HOURS, OF_INSTRUCTORS) as hub:
        yield hub


def _opened(chromium, hub, name, **context):
    page = chromium.new_context(reduced_motion="reduce", **context).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{hub.url}/hub/gpus")
    page.fill("#username_input", name)
    page.fill("#password_input", hub.passwords[name])
    page.click("#login_submit")
    page.wait_for_url(lambda url: "/hub/login" not in url)
    return page


def test_the_instructor_sees_grants_and_stops(hub, chromium):
    """One holds, one waits; the one who waits is let in when the other is stopped, and the page says so."""
    SHOTS.mkdir(exist_ok=True)
    with ExitStack() as stack:
        holds, waits = (Person(hub, name, stack) for name in ("student-001", "student-002"))
        holds.ask("gpu")
        holds.waits_until_up()
        waits.ask("gpu")
        waits.reads("you are next")
        book = GpuBook(book_file(hub.course))
        until(lambda: book.open_uses()[0].until, "beat of the hub's watch", 20)
        Loads(book_file(hub.course)).note("student-001/", GpuLoad(0, 5000, 81920, 700.0))
        page = _opened(chromium, hub, "instructor", viewport={"width": 1280, "height": 860})
        assert page.url.endswith("/hub/gpus"), page.url
        (row,) = page.locator("tr", has_text="student-001").filter(has_text="GPU 0").all()
        assert "0 %; 4.9 of 80 GiB, not used for 0:11" in row.inner_text()
        assert page.locator("tr", has_text="student-002").filter(has_text="0 before them").count() == 1
        assert page.get_by_text("does not use a GPU for 20 minutes").count() == 1
        latest = row.locator("[data-label='Ends at the latest']").inner_text()
        assert ":" in latest, "two hours after its start"
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 860})
                page.screenshot(path=SHOTS / f"gpus-{theme}-{width}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is cut off"
            found = Axe().run(page, context={"exclude": [["nav"]]}, options=WCAG)
            assert [
                (each["id"], each["nodes"][0]["html"][:120]) for each in found.response["violations"]
            ] == []
        page.set_viewport_size({"width": 1280, "height": 860})

        week = page.locator(
            "tr", has=page.get_by_role("button", name="Grant student-001", include_hidden=True)
        )
        week.locator("summary").click()
        week.locator("[name=reason]").fill("thesis")
        week.get_by_role("button", name="Grant student-001").click()
        page.locator("[role=status]", has_text="more GPU hours").wait_for()
        assert book.extra("student-001", 0) == 2 * 3600

        row.locator("summary").click()
        page.get_by_role("button", name="Stop student-001").click()
        page.locator("[role=status]", has_text="was stopped").wait_for()
        waits.waits_until_up()
        assert not holds.is_up()
        page.get_by_role("link", name="Look again").click()
        page.locator("tr", has_text="student-002").filter(has_text="GPU 0").wait_for()
        assert page.get_by_text("Nobody waits.").count() == 1

        holds.ask("gpu")
        holds.reads("you are next")
        page.get_by_role("link", name="Look again").click()
        page.locator("tr", has_text="student-001").filter(has_text="before them").locator("summary").click()
        page.get_by_role("button", name="Take out student-001").click()
        page.locator("[role=status]", has_text="out of the queue").wait_for()
        assert [use.user for use in book.open_uses()] == ["student-002"]


def test_it_is_for_instructors(hub, chromium):
    """A student and a TA get 403, also for what the buttons send; a page elsewhere cannot press them."""
    for name in ("student-001", "ta-001"):
        page = _opened(chromium, hub, name)
        assert page.goto(f"{hub.url}/hub/gpus").status == 403
        page.goto(f"{hub.url}/hub/home")
        assert page.get_by_role("link", name="GPUs").count() == 0
        token = page.evaluate("window.jhdata.xsrf_token")
        form = {"user": "student-002", "deed": "stop", "_xsrf": token}
        headers = {"Referer": f"{hub.url}/hub/gpus"}
        assert page.request.post(f"{hub.url}/hub/gpus", form=form, headers=headers).status == 403
    page = _opened(chromium, hub, "instructor")
    token = page.evaluate("window.jhdata.xsrf_token")
    asked = {"user": "student-002", "deed": "stop"}
    assert page.request.post(f"{hub.url}/hub/gpus", form=asked).status == 403, "without the page's own token"
    wrong = {"user": "student-002", "deed": "grant", "hours": "nan", "reason": "x", "_xsrf": token}
    assert page.request.post(f"{hub.url}/hub/gpus", form=wrong).status == 400
