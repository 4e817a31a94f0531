"""People with a browser: what they click, told once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.hub.support import RunningHub

SECONDS = 1000  # Playwright counts milliseconds


class Visitor:
    """One person of the roster in front of a browser."""

    def __init__(self, browser: Any, hub: RunningHub, name: str, shots: Path) -> None:
        self.hub, self.name, self.shots = hub, name, shots
        context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
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
        """nbgrader's list of assignments in JupyterLab."""
        page = self.lab()
        page.click("#jp-MainMenu >> text=Nbgrader")
        page.click(".lm-Menu >> text=Assignment List")
        page.wait_for_selector("#released_assignments_list")
        return page

    def shot(self, name: str, full_page: bool = False) -> None:
        """Keep a picture of what is seen now."""
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=full_page)

    @property
    def home(self) -> Path:
        """The home folder, with the local spawner."""
        return self.hub.course.data_folder / "hub" / "homes" / self.name
