"""The first login of somebody new, and log-out, as they are seen."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from autograder.hub.people import passwords
from autograder.hub.process.options import hub_folder
from autograder.marks.roster import Member, add, roster_file
from tests.e2e.people import Visitor
from tests.hub.support import RunningHub
from tests.needs import WCAG

NAME = "student-021"  # after all who are in the other files' stories


def test_a_first_password_is_changed_before_anything_else(
    hub: RunningHub, people: dict[str, Any], chromium: Any
) -> None:
    """Whoever goes to the assignments changes the password that was handed out, and is then led there."""
    add(roster_file(hub.course), [Member(NAME, "student")])
    made = passwords.make_first(hub_folder(hub.course) / "passwords", [NAME])
    hub.passwords[NAME] = made[NAME]
    people[NAME] = visitor = Visitor(chromium, hub, NAME, people["student-001"].shots)
    page = visitor.open("/services/exchange/")
    page.get_by_role("heading", name="Choose a password").wait_for()
    assert page.locator("nav a", has_text="Home").count() == 0
    visitor.shot("first-password")
    found = Axe().run(page, context={"exclude": [["nav"]]}, options=WCAG)
    assert found.response["violations"] == []
    page.goto(f"{hub.url}/hub/spawn")
    page.get_by_role("heading", name="Choose a password").wait_for()
    page.go_back()
    for field, text in (("#old", made[NAME]), ("#new", "three small words"), ("#again", "three small words")):
        page.fill(field, text)
    page.get_by_role("button", name="Change password").click()
    page.locator("[role=status]").wait_for()
    visitor.shot("first-password-changed")
    page.click("#go-on")
    page.get_by_role("heading", name="Your units").wait_for()


def test_log_out_of_the_exchange_is_log_out(hub: RunningHub, people: dict[str, Any]) -> None:
    """Its button ends the login at the hub, too."""
    page = people[NAME].page
    page.get_by_role("button", name="Log out").click()
    page.wait_for_selector("#login_submit")
    page.goto(f"{hub.url}/hub/home")
    page.wait_for_selector("#login_submit")
