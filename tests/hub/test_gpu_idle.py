"""A GPU that nobody uses: noticed, told to JupyterLab, and given to the next; a cell that runs is use."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from contextlib import ExitStack
from datetime import datetime

import httpx
import pytest
from tornado.httpclient import HTTPRequest

from autograder.course import Course, Profile
from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.loads import GpuLoad, Loads, load_from
from autograder.hub.gpus.reports import ends_in
from autograder.hub.gpus.settings import book_file, idle_minutes
from autograder.hub.servers.ending import KnownEnds
from tests.hub.light import TOKEN, PagesAlone, Person
from tests.hub.nvml import StandIn
from tests.hub.support import ROOT, little_with
from tests.hub.websockets import websocket
from tests.waiting import until

LIMIT = 12.0  # seconds without use, in place of minutes
LOOK, REPORT = 0.5, 2.0
COURSE = f"""
from dataclasses import replace
from autograder.course import Profile
course = replace(course, gpu_idle_minutes={LIMIT / 60}, profiles=(
    Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1, hours=1)))
"""
CONFIG = """
load_subconfig({jupyterhub_config!r})
c.Spawner.environment |= {environment!r}
c.Spawner.args = [*c.Spawner.args, "--GpuReports.look_seconds={look}", "--GpuReports.report_seconds={report}"]
c.JupyterHub.services = [each for each in c.JupyterHub.services if each["name"] == "roster"]
c.JupyterHub.services += [{{"name": "asking", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [each for each in c.JupyterHub.load_roles if each["name"] == "course-roster"] + [
    {{"name": "server", "scopes": ["inherit"]}},
    {{"name": "asking", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["asking"]}}
]
"""
IDLE, COMPUTES = ("GPU-8f2a", 0, 300, 80000), ("GPU-8f2a", 63, 5000, 80000)


@pytest.fixture
def stand_in(tmp_path):
    return StandIn(tmp_path, COMPUTES)


@pytest.fixture
def hub(tmp_path, stand_in):
    original = little_with(tmp_path, COURSE)
    ours = str(ROOT / "autograder/hub/process/jupyterhub_config.py")
    site = tmp_path / "site.py"
    site.write_text(
        CONFIG.format(
            jupyterhub_config=ours, environment=stand_in.environment, look=LOOK, report=REPORT, token=TOKEN
        )
    )
    arguments = ("--gpus", "1", "--config", str(site))
    with PagesAlone(tmp_path / "course", *arguments, original=original) as hub:
        yield hub


class Owner(Person):
    """Somebody with a JupyterLab."""

    def end(self) -> dict[str, object]:
        """What JupyterLab is told of the server's end."""
        return self._server("GET", "course-tools/end").json()

    def runs(self, kernel: str, code: str) -> None:
        """Run a cell; its end is not waited for, its begin is."""
        address = f"{self.hub.url.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}/channels"
        asyncio.run(
            _execute(
                HTTPRequest(address, headers={"Authorization": f"token {TOKEN}"}, connect_timeout=60), code
            )
        )

    def kernel(self) -> str:
        """A new kernel."""
        made: str = self._server("POST", "api/kernels", json={}).json()["id"]
        return made

    def seconds_without_activity(self) -> float:
        """As the server tells the hub; to be asked for is none."""
        last = self._server("GET", "api/status").json()["last_activity"]
        return time.time() - datetime.fromisoformat(last).timestamp()

    def state(self, kernel: str) -> str:
        return self._server("GET", f"api/kernels/{kernel}").json()["execution_state"]

    def _server(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Authorization": f"token {TOKEN}"}
        address = f"{self.hub.url}/user/{self.name}/{path}"
        answer = httpx.request(method, address, headers=headers, timeout=60, **more)
        assert answer.status_code < 300, answer.text
        return answer


NO_USE = {"busy": 0, "used_mib": 0, "total_mib": 1, "idle_seconds": 1e6}


def _report(found: dict[str, str], token: str, body: object) -> httpx.Response:
    address, headers = f"{found['JUPYTERHUB_API_URL']}/course/gpus", {"Authorization": f"token {token}"}
    return httpx.post(address, json=body, headers=headers, timeout=60)


async def _execute(request: HTTPRequest, code: str) -> None:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "test", "version": "5.3"}
    header |= {"username": "test", "date": "2027-01-17T12:00:00+00:00"}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    async with websocket(request) as connection:
        await connection.write_message(json.dumps(message | {"buffers": []}))
        while (
            header["msg_id"] not in (heard := str(await connection.read_message())) or '"busy"' not in heard
        ):
            assert heard != "None", "the server closed the connection"


@pytest.mark.slow
@pytest.mark.xdist_group("hub")
def test_an_idle_gpu_is_given_to_the_next(hub, stand_in):
    """A silent cell and a busy device keep it; a notice is taken back; then the next person has it."""
    with ExitStack() as stack:
        owner, other = Owner(hub, "student-001", stack), Owner(hub, "student-002", stack)
        owner.ask("gpu")
        found = owner.waits_until_up()
        assert found["COURSE_GPUS"] == "1"
        assert _report(found, found["JUPYTERHUB_API_TOKEN"], {"busy": 1}).status_code == 400
        assert _report(found, TOKEN, NO_USE).status_code == 403, "a service has no server"
        assert _report(found, "x" * 32, NO_USE).status_code == 403
        end = owner.end()
        assert end["why"] == "" and 3500 < end["seconds"] <= 3600
        kernel = owner.kernel()
        other.ask("gpu")
        owner.runs(kernel, f"import time; time.sleep({LIMIT + 4})")
        stand_in.say([IDLE])
        time.sleep(LIMIT)
        assert owner.seconds_without_activity() < LIMIT / 2, "the hub's idle culler would stop a silent cell"
        until(lambda: owner.state(kernel) == "idle", "end of the cell", 60)
        assert owner.is_up() and owner.end()["why"] == end["why"], (
            "a cell that runs is use, also a silent one"
        )

        until(lambda: "has used its GPU" in owner.end()["why"], "notice", LIMIT + REPORT + 5)
        assert 0 < owner.end()["seconds"] <= LIMIT / 2
        stand_in.say([COMPUTES])  # a program in a terminal
        until(lambda: owner.end()["why"] == end["why"], "end of the notice", 5)
        time.sleep(LIMIT)
        assert owner.is_up() and owner.end()["why"] == end["why"], "a device that computes is use"
        noted = Loads(book_file(hub.course)).of("student-001/", 0)
        assert (noted.busy, noted.used_mib, noted.total_mib) == COMPUTES[1:]

        stand_in.say([IDLE])
        begin = time.monotonic()
        until(lambda: not owner.is_up(), "end of the server", LIMIT + REPORT + 30)
        assert time.monotonic() - begin > LIMIT - REPORT - 1
        other.waits_until_up()
    assert [use.user for use in GpuBook(book_file(hub.course)).open_uses()] == ["student-002"]
    assert re.search(r"Stopping the server of person-\w+: its GPU is idle", hub.log.read_text())


def test_when_it_ends():
    """A notice five minutes before, for short limits half of them; nothing where nobody can know."""
    idle = GpuLoad(busy=0, used_mib=0, total_mib=1, idle_seconds=901.0)
    assert ends_in(idle, 20) == 299.0 and ends_in(idle, 15) == 0 and ends_in(idle, None) is None
    assert ends_in(idle, 21) is None
    assert ends_in(GpuLoad(None, 0, 0, None), 15) is None
    assert ends_in(GpuLoad(0, 0, 1, 61.0), 2) == 59.0 and ends_in(GpuLoad(0, 0, 1, 59.0), 2) is None


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"busy": 1}, {"busy": 101, "used_mib": 0, "total_mib": 0, "idle_seconds": 0},
        {"busy": 1, "used_mib": -1, "total_mib": 0, "idle_seconds": 0},
        {"busy": 1, "used_mib": None, "total_mib": 0, "idle_seconds": 0},
        {"busy": True, "used_mib": 0, "total_mib": 0, "idle_seconds": 0},
        {"busy": 1, "used_mib": 0, "total_mib": 0, "idle_seconds": float("nan")},
        {"busy": 1, "used_mib": 0, "total_mib": 0, "idle_seconds": 0, "user": "student-002"},
    ],
)  # fmt: skip
def test_what_is_no_report(body):
    """It comes from a student's server, which may send anything."""
    with pytest.raises(ValueError, match="expected"):
        load_from(body)


def test_a_report_is_kept_until_the_server_starts_anew(tmp_path):
    """What a server said before it was started again is not of the one that runs."""
    loads = Loads(tmp_path / "gpus.sqlite")
    load = load_from({"busy": None, "used_mib": 5, "total_mib": 7, "idle_seconds": None})
    loads.note("student-001/", load)
    loads.note("student-001/", GpuLoad(5, 6, 7, 1.5))
    noted = loads.of("student-001/", 0)
    assert noted is not None and (noted.busy, noted.idle_seconds) == (5, 1.5)
    assert loads.of("student-001/", noted.moment + 1) is None and loads.of("student-002/", 0) is None


def test_the_limit_of_a_profile():
    """Its own, or the course's; never where it has no GPU."""
    course = Course("tiny", "Tiny", (), gpu_idle_minutes=20)
    assert idle_minutes(course, Profile("gpu", "GPU", gpus=1)) == 20
    assert idle_minutes(course, Profile("gpu", "GPU", gpus=1, gpu_idle_minutes=5)) == 5
    assert idle_minutes(course, Profile("small", "NumPy")) is None
    assert idle_minutes(Course("tiny", "Tiny", ()), Profile("gpu", "GPU", gpus=1)) is None


def test_the_next_end_is_told(monkeypatch):
    """Of several that are known; none where none is."""
    monkeypatch.delenv("COURSE_SERVER_END", raising=False)
    now = time.time()
    assert KnownEnds(now).next_one(now) == {"seconds": None, "why": ""}
    monkeypatch.setenv("COURSE_SERVER_END", str(round(now) + 600))
    ends = KnownEnds(now)
    assert ends.next_one(now)["seconds"] == pytest.approx(600, abs=1)
    soon = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now + 60))
    ends.expect("gpu", soon, "It is idle.")
    assert ends.next_one(now) == {"seconds": pytest.approx(60, abs=1.1), "why": "It is idle."}
    ends.expect("gpu", None, "")
    assert ends.next_one(now)["why"] == ""
