"""JupyterLab on the hub of a small course: its servers, its notebook, its dialogs."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe

from autograder.course import load_course
from autograder.demo.solving import solved
from autograder.exchange.client.service import Service
from autograder.unit.release import build, publish
from tests.e2e.people import Visitor
from tests.e2e.strangers import UNIT, little
from tests.hub.support import RunningHub
from tests.needs import WCAG
from tests.waiting import until

SHORT = 150  # seconds that a server of the profile "short" runs
SOON = 60 * 1000  # milliseconds; whatever is waited for comes by itself
CONFIG = f"""
from autograder.course import Course, Profile, Unit

course = Course(
    "little",
    "Little",
    (Unit("little", "Little", due="2030-01-01T00:00+00:00", hours=1),),
    profiles=(Profile("small", "Small"), Profile("short", "Short", hours={SHORT} / 3600)),
)
"""


class Classroom(RunningHub):
    """The hub of a small course whose unit is released, with two kinds of servers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, original=little())
        (self.course.root / "course_config.py").write_text(CONFIG)
        self.course = load_course(self.course.root)
        unit = self.course.unit(UNIT)
        publish(self.course, unit, build(self.course, unit))

    def start(self) -> float:
        """Start, and release the unit; nothing is left running where that fails."""
        try:
            seconds = super().start()
            release = self.course.unit(UNIT).released_notebook.read_bytes()
            self.exchange("instructor").release(UNIT, {f"{UNIT}.ipynb": release}, force=False)
        except BaseException:
            self.stop()
            raise
        return seconds

    def _has_services(self) -> bool:
        """The exchange; nobody needs formgrader here."""
        with self.client() as client:
            return client.get(f"{self.service('exchange')}/api/health", timeout=5).status_code == 200

    def exchange(self, name: str) -> Service:
        """The exchange, as that person."""
        with closing(self.browserless(name)) as client:
            return Service(self.service("exchange"), self.token(client, name))

    def start_server(self, name: str, profile: str) -> None:
        """Start somebody's server with a profile, once the one before is gone for the hub, too."""
        headers = {"Authorization": f"token {self.exchange(name).token}"}
        with httpx.Client(base_url=f"{self.url}/hub/api/users/", headers=headers, timeout=60) as api:
            api.delete(f"{name}/server")
            until(lambda: not api.get(name).json()["servers"], f"end of the server of {name}")
            asked = api.post(f"{name}/server", json={"profile": profile})
            assert asked.is_success, asked.text
            until(lambda: _ready(api.get(name).json()), f"server of {name}")


class LabVisitor(Visitor):
    """Somebody in JupyterLab, with what its console says of our part of it."""

    def __init__(self, browser: Any, hub: RunningHub, name: str, shots: Path) -> None:
        super().__init__(browser, hub, name, shots)
        self.said: list[str] = []
        self.page.on("console", self._heard)
        self.page.set_default_timeout(SOON)

    def notebook(self) -> Any:
        """The unit's notebook, open; fetched where it was not there yet."""
        page = self.open(f"/user/{self.name}/course/{UNIT}")
        page.locator(".jp-Notebook:visible").wait_for(timeout=SOON)
        page.get_by_text("| Idle").wait_for(timeout=SOON)
        return page

    @property
    def file(self) -> Path:
        """The notebook's."""
        return self.home / "little" / UNIT / f"{UNIT}.ipynb"

    @property
    def saved(self) -> str:
        """What stands in it."""
        return self.file.read_text(encoding="utf-8")

    def write(self, *tasks: str) -> None:
        """Let the file be the released one with some tasks solved, all where none is named."""
        course = self.hub.course
        module = (course.root / "solutions" / f"{UNIT}.py").read_text()
        released = json.loads(course.unit(UNIT).released_notebook.read_text())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(solved(released, module, tasks or None)))

    def types(self, text: str) -> None:
        """Type into a new cell below the first, and save nothing."""
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first.click()
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.locator(".jp-Notebook.jp-mod-editMode:visible").wait_for()
        self.page.keyboard.type(text)
        self.page.locator(".jp-Notebook:visible").get_by_text(text.strip()).wait_for()

    def row_of(self, unit: str) -> Any:
        """The unit's row in nbgrader's list, beside the notebook, which JupyterLab may leave on top."""
        self.page.click("#jp-MainMenu >> text=Nbgrader")
        self.page.click(".lm-Menu >> text=Assignment List")
        row = self.page.locator("#fetched_assignments_list > .list_item", has_text=unit)
        until(lambda: self._shows(row), "row in the list of assignments")
        return row

    def _shows(self, row: Any) -> bool:
        if not row.is_visible():
            self.page.locator(".lm-TabBar-tab", has_text="Assignments").click()
            self.page.wait_for_timeout(1000)
        return bool(row.is_visible())

    def submit(self) -> Any:
        """The button in the toolbar of the notebook that is seen."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .course-submit")

    @property
    def dialog(self) -> Any:
        """JupyterLab's, the one that is open."""
        return self.page.locator("dialog.jp-Dialog")

    def choice(self, name: str) -> Any:
        """A button of the open dialog."""
        return self.dialog.get_by_role("button", name=name, exact=True)

    def finds_it_accessible(self) -> None:
        """Nothing in the open dialog that a rule of WCAG 2.1 AA forbids."""
        found = Axe().run(self.page, context={"include": [["dialog.jp-Dialog"]]}, options=WCAG)
        assert found.response["violations"] == [], found.generate_report()

    def _heard(self, line: Any) -> None:
        if "course-tools" in line.text:
            self.said.append(line.text)


def _ready(user: dict[str, Any]) -> bool:
    return bool((user["servers"] or {}).get("", {}).get("ready"))
