"""People with a browser: what they click, told once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.hub.support import RunningHub

SECONDS = 1000  # Playwright counts milliseconds


class Visitor:
    """One person of the roster in front of a browser."""

    def __init__(self, browser: Any, hub: RunningHub, name: str, shots: Path) -> None:
        self.hub, self.name, self.shots = hub, name, shots
        context = browser.new_context(
            viewport={"width": 1280, "height": 860}, reduced_motion="reduce", ignore_https_errors=True
        )
        context.set_default_timeout(25 * SECONDS)
        self.page = context.new_page()
        self.logged_in = False

    def open(self, path: str) -> Any:
        """Go to an address of the hub, logging in where that is asked."""
        self.page.goto(self.hub.url + path)
        if not self.logged_in:
            self.log_in()
        return self.page

    def log_in(self) -> None:
        """Fill the login form."""
        self.page.fill("#username_input", self.name)
        self.page.fill("#password_input", self.hub.passwords[self.name])
        self.page.click("#login_submit")
        self.page.wait_for_url(lambda url: "/hub/login" not in url)
        self.logged_in = True

    def lab(self) -> Any:
        """JupyterLab, started where it is not running."""
        self.open(f"/user/{self.name}/lab" if self.logged_in else "/hub/spawn")
        self.page.wait_for_selector("#jp-MainMenu", timeout=90 * SECONDS)
        return self.page

    def assignment_list(self) -> Any:
        """nbgrader's list of assignments in JupyterLab, which stays open where it is."""
        page = self.page if f"/user/{self.name}/lab" in self.page.url else self.lab()
        page.click("#jp-MainMenu >> text=Nbgrader")
        page.click(".lm-Menu >> text=Assignment List")
        page.wait_for_selector("#released_assignments_list:visible")
        return page

    def shot(self, name: str, full_page: bool = False) -> None:
        """Keep a picture of what is seen now, for whoever looks at it: ``SHOTS=1``, or a test that failed."""
        if os.environ.get("SHOTS") or name.startswith("failed-"):
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=full_page)

    @property
    def home(self) -> Path:
        """The home folder, with the local spawner."""
        return self.hub.course.data_folder / "hub" / "homes" / self.name


def typed(page: Any, field: Any, text: str, kept_at: str) -> None:
    """Click a field of formgrader, type, go on by Tab; it is kept once the server says so."""
    field.click()
    with page.expect_response(lambda answer: kept_at in answer.url and answer.request.method == "PUT"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")


def confirm(page: Any) -> None:
    """nbgrader's dialog after an action: it must not be an error."""
    dialog = page.locator(".modal.in, .modal.show")
    dialog.wait_for()
    text = dialog.inner_text()
    assert "Success" in text, text
    dialog.locator("button", has_text="OK").click() if dialog.locator("button", has_text="OK").count() else (
        dialog.locator("button").last.click()
    )
    dialog.wait_for(state="hidden")


def released(instructor: Visitor, course: str, unit: str) -> None:
    """Generate and Release are two clicks in formgrader."""
    page = instructor.open(f"/services/{course}/formgrader")
    row = page.locator("tr", has=page.get_by_text(unit, exact=True))
    row.locator(".glyphicon-education").click()
    confirm(page)
    row = page.locator("tr", has=page.get_by_text(unit, exact=True))
    row.locator(".glyphicon-cloud-upload").click()
    confirm(page)
    row.locator(".label-success", has_text="released").wait_for()
