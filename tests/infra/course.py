"""A hub at https://hub.example.org, where nobody has that name: requests go to the hub's port instead."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx

from autograder.marks.roster import Member
from tests.hub.support import ROOT, RunningHub

BUILT = Path(os.environ.get("COURSE_INFRA_BUILD", ROOT / "build"))  # what is made once for all trials
PUBLIC = "https://hub.example.org"
STUDENTS = tuple(f"student-{number:03}" for number in range(1, 5))
MEMBERS = (Member("instructor", "instructor"), *(Member(name, "student") for name in STUDENTS))
COURSE = '''"""The little course with the profiles of a trial."""

from autograder.course import Course, Profile, Unit

course = Course(
    "little", "Little", (Unit("little", "Little", due="2030-01-01T00:00+00:00", hours=1),),
    profiles=(
        Profile("small", "NumPy", cpus=0.5, memory_gib=1, hours=1),
        Profile("gpu", "One GPU", cpus=1, memory_gib=2, gpus=1, hours=1),
    ),
)
'''
Found = TypeVar("Found")


class TlsInFront(httpx.HTTPTransport):
    """What a reverse proxy does that ends TLS: names below the public one lead to the hub's port."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the hub, and say that it came by https."""
        at = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        headers = [*request.headers.multi_items(), ("X-Forwarded-Proto", "https")]
        headers.append(("X-Forwarded-For", "192.0.2.7"))
        sent = httpx.Request(
            request.method, at, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return super().handle_request(sent)


class PublicHub(RunningHub):
    """``course hub`` with a public address; it does not wait for formgrader, which no trial needs."""

    def __init__(self, folder: Path, *arguments: str, **more: Any) -> None:
        super().__init__(folder, *arguments, members=MEMBERS, original=ROOT / "tests" / "little", **more)
        (folder / "course_config.py").write_text(COURSE)
        self.url = PUBLIC
        self._tokens: dict[str, str] = {}

    def _has_services(self) -> bool:
        with self.client() as client:
            return client.get(f"{self.service('exchange')}/api/health", timeout=5).status_code == 200

    def service(self, name: str) -> str:
        """The address of a service."""
        return f"{self.origin(f'{name}--service')}/services/{name}"

    def origin(self, name: str) -> str:
        """The origin of a name below the hub's."""
        return PUBLIC.replace("//", f"//{name}.")

    def client(self, **more: Any) -> httpx.Client:
        """A client to which this hub is public."""
        return httpx.Client(transport=TlsInFront(self.port), timeout=60, **more)

    def as_person(self, name: str) -> httpx.Client:
        """A client with a token of that person's."""
        if name not in self._tokens:
            with closing(self.browserless(name)) as client:
                self._tokens[name] = self.token(client, name)
        return self.client(headers={"Authorization": f"token {self._tokens[name]}"})

    def ask_for_server(self, name: str, profile: str, **more: Any) -> None:
        """As the page does that asks for one."""
        with self.as_person(name) as client:
            asked = client.post(self._server(name), json={"profile": profile, **more})
            assert asked.status_code in (201, 202), asked.text

    def stop_server(self, name: str) -> None:
        """Ask for its end."""
        with self.as_person(name) as client:
            asked = client.delete(self._server(name))
            assert asked.status_code in (202, 204), asked.text

    def answers(self, name: str) -> bool:
        """Whether the person's server answers its owner, through the proxy."""
        with self.as_person(name) as client:
            try:
                return client.get(f"{self.origin(name)}/user/{name}/api/status").status_code == 200
            except httpx.HTTPError:
                return False

    def has_server(self, name: str) -> bool:
        """Whether the hub believes that the person's server is up."""
        with self.as_person(name) as client:
            return bool(client.get(f"{PUBLIC}/hub/api/users/{name}").json()["server"])

    def failure(self, name: str) -> str:
        """What the page says of a server that did not start; empty while it is starting."""
        with closing(self.browserless(name)) as client:
            page = client.get(f"{PUBLIC}/hub/spawn-pending/{name}")
        return page.text if page.status_code == 500 else ""

    def told(self, name: str, seconds: float, until: str = "") -> list[str]:
        """The lines of the waiting page in that time, or until one holds a text."""
        said: list[str] = []
        end = time.monotonic() + seconds
        with self.as_person(name) as client:
            try:
                with client.stream("GET", f"{self._server(name)}/progress", timeout=seconds) as stream:
                    for line in stream.iter_lines():
                        if line.startswith("data: "):
                            said.append(str(json.loads(line.removeprefix("data: ")).get("message", "")))
                        if time.monotonic() > end or (until and any(until in each for each in said)):
                            break
            except httpx.ReadTimeout:
                pass
        return said

    def _server(self, name: str) -> str:
        return f"{PUBLIC}/hub/api/users/{name}/server"


def until(there: Callable[[], Found], what: str, seconds: float = 90.0) -> tuple[Found, float]:
    """What there is at last, and the seconds until then."""
    begin = time.monotonic()
    while not (found := there()):
        assert time.monotonic() - begin < seconds, f"no {what} after {seconds} s"
        time.sleep(0.2)
    return found, round(time.monotonic() - begin, 1)
