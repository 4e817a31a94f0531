"""A small course in which one student is a stranger, and what their page tries in another's browser."""

from __future__ import annotations

import json
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from autograder.demo.solving import solved
from autograder.exchange.client.service import Service
from autograder.marks.roster import Member
from tests.e2e.people import Visitor
from tests.hub.support import LITTLE, ROOT, RunningHub
from tests.waiting import until

UNIT = "little"


@dataclass(frozen=True)
class Cast:
    """Who is who, by username."""

    stranger: str = "student-001"
    victim: str = "student-002"
    ta: str = "ta-001"
    instructor: str = "instructor"

    def members(self) -> tuple[Member, ...]:
        """As they stand on the roster."""
        students = (Member(name, "student") for name in (self.stranger, self.victim))
        return (Member(self.instructor, "instructor"), Member(self.ta, "ta"), *students)


CAST = Cast()
STRANGER, VICTIM, TA, INSTRUCTOR = CAST.stranger, CAST.victim, CAST.ta, CAST.instructor
ACT = """
async at => {
    const done = {};
    const page = async (url, more) => (await fetch(url, {credentials: "include", ...more})).text();
    const headersAt = async url => {  // a page of ours may read another's cookies where both have one origin
        const other = window.open(url);
        for (let tries = 0; tries < 100; tries++) {
            await new Promise(resolve => setTimeout(resolve, 100));
            const found = other.document.cookie.match(/_xsrf=([^;]+)/);
            if (!found) continue;
            other.close();
            return {"X-XSRFToken": found[1], "Content-Type": "application/json"};
        }
        throw new Error("no cookie there");
    };
    const deeds = {
        "read": async () => {
            const [found] = (await page(at.exchange + "/units/little")).match(/attempts\\/[0-9a-f]{32}/);
            return (await page(at.exchange + "/" + found)).includes("Attempt 1");
        },
        "hand in": async () => {
            const word = (await page(at.exchange + "/units/little")).match(/name="word" value="(\\w+)"/)[1];
            const form = new FormData();
            form.append("word", word);
            form.append("files", new File([at.notebook], "little.ipynb"));
            const looked = await page(at.exchange + "/units/little/look", {method: "POST", body: form});
            const draft = looked.match(/name="draft" value="([^"]+)"/)[1];
            const sent = {method: "POST", body: new URLSearchParams({word, draft})};
            return (await page(at.exchange + "/units/little/hand-in", sent)).includes("Attempt");
        },
        "mark": async () => {
            const headers = await headersAt(at.formgrader + "/formgrader/manage_students");
            const api = at.formgrader + "/formgrader/api/";
            const rows = JSON.parse(await page(api + "submitted_notebooks/little/little", {headers}));
            const row = rows.find(row => row.student === at.victim);
            const [grade] = JSON.parse(await page(api + "grades?submission_id=" + row.id, {headers}));
            const sent = {method: "PUT", headers, body: JSON.stringify({manual_score: at.points})};
            return JSON.parse(await page(api + "grade/" + grade.id, sent)).id === grade.id;
        },
        "run": async () => {
            const headers = await headersAt(at.server + "/lab");
            return JSON.parse(await page(at.server + "/api/contents", {headers})).type === "directory";
        },
    };
    for (const [name, deed] of Object.entries(deeds)) {
        try { done[name] = await deed(); } catch (error) { done[name] = String(error); }
    }
    for (const path of ["/units/little/hand-in", "/staff/little/requeue"]) {  // nothing is read: only sent
        await fetch(at.exchange + path, {method: "POST", mode: "no-cors", credentials: "include",
            body: new URLSearchParams({word: "", draft: ""})}).catch(() => null);
    }
    return done;
}
"""


class Strangers:
    """The running course: a stranger's server with a page on it, a submission that is graded, a TA."""

    def __init__(self, hub: RunningHub, chromium: Any, cast: Cast = CAST) -> None:
        self.hub, self.cast = hub, cast
        shots = ROOT / "tests" / "screenshots"
        shots.mkdir(exist_ok=True)
        self.people = {name: Visitor(chromium, hub, name, shots) for name in hub.passwords}
        self.clients = {name: hub.browserless(name) for name in hub.passwords}
        self.tokens = {name: hub.token(client, name) for name, client in self.clients.items()}
        self._put_the_page()
        self._hand_in()
        for name in (self.cast.stranger, self.cast.ta):
            self.clients[name].get("/hub/spawn")
        until(self._shown, "the submission in formgrader", pause=1.0)  # all of its rows are read each time
        for name in (self.cast.stranger, self.cast.ta):
            until(lambda name=name: self._runs(name), f"the server of {name}", pause=0.5)

    def exchange(self, name: str) -> Service:
        """The exchange, as that person."""
        return Service(self.hub.service("exchange"), self.tokens[name])

    @property
    def formgrader(self) -> str:
        """Its address."""
        return self.hub.service(self.hub.course.name)

    def server(self, name: str) -> str:
        """The address of a person's own server."""
        return f"{self.hub.origin(name)}/user/{name}"

    def targets(self, name: str, points: float) -> dict[str, Any]:
        """What ``ACT`` is told of the places that a person may use."""
        return {
            "exchange": self.hub.service("exchange"),
            "formgrader": self.formgrader,
            "server": self.server(name),
            "victim": self.cast.victim,
            "points": points,
            "notebook": self.notebook.decode(),
        }

    def open_strangers_page(self, name: str, points: float) -> set[str]:
        """What the stranger's page achieves where that person opens it, logged in everywhere."""
        person = self.people[name]
        person.open("/services/exchange/")
        if name == self.cast.ta:
            person.open(f"/services/{self.hub.course.name}/formgrader")
            person.lab()
        person.page.goto(f"{self.server(self.cast.stranger)}/static/page.html")
        assert person.page.inner_text("h1") == "Look at my plot!"
        return self.acted(person.page, name, points)

    def acted(self, page: Any, name: str, points: float) -> set[str]:
        """What the script of a page achieves, in that person's browser."""
        done = page.evaluate(f"at => ({ACT})(at)", self.targets(name, points))
        return {deed for deed, outcome in done.items() if outcome is True}

    def state(self) -> tuple[int, list[float | None]]:
        """How often the victim handed in, and the points by hand that formgrader shows for them."""
        row = next(row for row in self.rows() if row["student"] == self.cast.victim)
        grades = (
            self.clients[self.cast.ta].get(f"{self.api}grades", params={"submission_id": row["id"]}).json()
        )
        return len(self.exchange(self.cast.victim).attempts(UNIT)), [
            grade["manual_score"] for grade in grades
        ]

    @property
    def api(self) -> str:
        """Formgrader's."""
        return f"{self.formgrader}/formgrader/api/"

    def _put_the_page(self) -> None:
        """As a student would: a server of one's own serves what one likes."""
        home = self._home()
        pages, config = home / "pages", home / ".jupyter" / "jupyter_server_config.py"
        for folder in (pages, config.parent):
            folder.mkdir(parents=True, exist_ok=True)
        (pages / "page.html").write_text("<!DOCTYPE html><title>plot</title><h1>Look at my plot!</h1>")
        config.write_text(f"c.ServerApp.extra_static_paths = [{str(pages)!r}]\n")
        if not home.is_relative_to(self.hub.course.data_folder):  # an account's own, so its files are
            subprocess.run(["chown", "-R", f"{self.cast.stranger}:", str(home)], check=True)

    def _home(self) -> Path:
        if "system" in self.hub.arguments:
            return Path(pwd.getpwnam(self.cast.stranger).pw_dir)
        return self.hub.course.data_folder / "hub" / "homes" / self.cast.stranger

    def _hand_in(self) -> None:
        unit = self.hub.course.units[0]
        self.exchange(self.cast.instructor).release(
            UNIT, {f"{UNIT}.ipynb": unit.released_notebook.read_bytes()}, force=False
        )
        module = (self.hub.course.root / "solutions" / f"{UNIT}.py").read_text()
        self.notebook = json.dumps(solved(json.loads(unit.released_notebook.read_text()), module)).encode()
        self.attempt = self.exchange(self.cast.victim).submit(UNIT, {f"{UNIT}.ipynb": self.notebook})["id"]

    def rows(self) -> list[dict[str, Any]]:
        """What formgrader lists."""
        answer = self.clients[self.cast.ta].get(f"{self.api}submitted_notebooks/{UNIT}/{UNIT}")
        rows: list[dict[str, Any]] = answer.json() if answer.is_success else []
        return rows

    def _shown(self) -> bool:
        return any(row["student"] == self.cast.victim for row in self.rows())

    def _runs(self, name: str) -> bool:
        headers = {"Authorization": f"token {self.tokens[name]}"}
        try:
            return (
                self.clients[name].get(f"{self.server(name)}/api/status", headers=headers).status_code == 200
            )
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Close what was opened."""
        for client in self.clients.values():
            client.close()
        for person in self.people.values():
            person.page.context.close()


def little() -> Path:
    """The course."""
    return LITTLE


def open_copy(strangers: Strangers) -> Any:
    """The TA opens the victim's submission from formgrader's link, and waits for JupyterLab."""
    ta = strangers.people[strangers.cast.ta]
    ta.open(f"/hub/notebooks/./autograded/{strangers.cast.victim}/{UNIT}/{UNIT}.ipynb")
    ta.page.locator(".jp-Notebook").wait_for(timeout=90_000)
    return ta.page
