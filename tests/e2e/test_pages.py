"""Our own pages on the hub: readable for everybody, usable without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.needs import WCAG

OURS = (
    ("student-002", "/hub/home"),
    ("student-002", "/hub/change-password"),
    ("instructor", "/hub/home"),
    ("student-001", "/services/exchange/"),
    ("student-001", "/services/exchange/units/conv_layer"),
    ("student-001", "/services/exchange/receipt"),
    ("ta-001", "/services/exchange/staff/conv_layer"),
    ("ta-001", "/services/exchange/staff"),
    ("ta-001", "/services/exchange/staff/conv_layer/guide"),
    ("ta-001", "/services/exchange/marking"),
    ("ta-001", "/services/exchange/marking/conv_layer/own_kernels"),
    ("ta-001", "/services/exchange/marking/conv_layer/own_kernels/items"),
    ("ta-001", "/services/exchange/staff/conv_layer/report"),
    ("instructor", "/services/exchange/staff/conv_layer/extend"),
    ("instructor", "/services/exchange/staff/conv_layer/manage"),
    ("ta-001", "/services/exchange/students/student-001"),
)


@pytest.mark.parametrize(("name", "path"), OURS)
def test_axe_finds_nothing(people: dict[str, Any], name: str, path: str) -> None:
    """WCAG 2.1 AA, as far as a program can tell."""
    page = people[name].open(path)
    page.goto(people[name].hub.url + path)
    found = Axe().run(page, context={"exclude": [["nav"]]} if path.startswith("/hub") else None, options=WCAG)
    people[name].shot(path.strip("/").replace("/", "-") + f"-{name}", full_page=True)
    wrong = [
        (item["id"], [node["html"][:120] for node in item["nodes"]]) for item in found.response["violations"]
    ]
    assert wrong == []


def test_a_password_can_be_changed_by_keyboard_alone(people: dict[str, Any]) -> None:
    """Tab reaches the fields in order, Enter sends the form, and the answer is announced."""
    visitor = people["student-002"]
    page = visitor.open("/hub/change-password")
    page.goto(visitor.hub.url + "/hub/change-password")
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "old":
            break
        page.keyboard.press("Tab")
    for text in (visitor.hub.passwords["student-002"], "three small words", "three small words"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("[role=status]").wait_for()
    visitor.hub.passwords["student-002"] = "three small words"


def test_lists_of_others_have_no_dead_ends(people: dict[str, Any]) -> None:
    """A unit's name in formgrader leads to its page; the hub's list offers nothing that it then refuses."""
    visitor = people["instructor"]
    page = visitor.open("/services/deep-learning/formgrader/manage_assignments")
    link = page.get_by_role("link", name="conv_layer", exact=True)
    link.wait_for(timeout=90_000)  # alone in a session, formgrader builds what it has to show first
    link.click()
    page.wait_for_url("**/services/exchange/staff/conv_layer")
    page.goto(visitor.hub.url + "/services/deep-learning/formgrader/manage_assignments")
    page.get_by_text("conv_layer", exact=True).wait_for()
    leads = page.locator("td.preview a, td.name a").evaluate_all("all => all.map(one => one.href)")
    assert [where for where in leads if "/services/exchange/" not in where] == []
    page.goto(visitor.hub.url + "/hub/admin")
    page.locator(".stop-all").wait_for()
    for name in ("Shutdown Hub", "Add Users", "Manage Groups", "Start All"):
        assert page.get_by_role("button", name=name).count() == 0, name
