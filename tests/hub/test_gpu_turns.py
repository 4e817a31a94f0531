"""A real hub on a machine with one GPU: who waits reads their place, and is let in when it is their turn."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from autograder.hub.gpus.book import GpuBook
from autograder.hub.people.departures import stop_server
from autograder.hub.process.options import hub_folder
from tests.hub.support import ROOT, RunningHub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]
TOKEN = "of-a-test-" + "0" * 32
SOON = 60.0  # seconds on a busy machine
COURSE = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, profiles=(Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1)))
"""
# Servers that answer and do no more, since what is tried here is who has one.
CONFIG = f"""
import sys
from autograder.hub.gpus.taking_turns import Simple

load_subconfig({str(ROOT / "autograder/hub/process/jupyterhub_config.py")!r})
PROGRAM = '''
import http.server, os
from urllib.parse import urlsplit
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
at = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
http.server.HTTPServer((at.hostname, at.port), Answers).serve_forever()
'''

class Light(Simple):
    async def start(self):
        self.cmd, self.args = [sys.executable, "-c", PROGRAM], []
        return await super().start()

c.JupyterHub.spawner_class = Light
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.JupyterHub.services = [each for each in c.JupyterHub.services if each["name"] == "roster"]
c.JupyterHub.services += [{{"name": "asking", "api_token": "{TOKEN}"}}]
c.JupyterHub.load_roles = [each for each in c.JupyterHub.load_roles if each["name"] == "course-roster"] + [
    {{"name": "asking", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["asking"]}}
]
"""


class PagesAlone(RunningHub):
    """A hub without services."""

    def _has_services(self) -> bool:
        return True


class Person:
    """Somebody on the roster; a service asks for their servers, so that nobody has to log in."""

    def __init__(self, hub: RunningHub, name: str, stack: ExitStack) -> None:
        self.hub, self.name, self.place = hub, name, f"/users/{name}"
        headers = {"Authorization": f"token {TOKEN}"}
        self.client = stack.enter_context(httpx.Client(base_url=f"{hub.url}/hub/api", headers=headers))
        assert self.client.post(self.place, timeout=SOON).status_code == 201

    def ask(self, profile: str) -> None:
        answer = self.client.post(f"{self.place}/server", json={"profile": profile}, timeout=SOON)
        assert answer.status_code in (201, 202), answer.text

    def is_up(self) -> bool:
        return bool(self.client.get(self.place).json()["servers"].get("", {}).get("ready"))

    def reads(self, text: str) -> None:
        """Wait until the page would show this."""
        end, heard = time.monotonic() + SOON, []
        with self.client.stream("GET", f"{self.place}/server/progress", timeout=SOON) as events:
            for line in events.iter_lines():
                heard += [json.loads(line[5:])["message"]] if line.startswith("data:") else []
                if text in "".join(heard[-1:]):
                    return
                if time.monotonic() > end:
                    break
        raise AssertionError(f"{self.name} read {heard}, not {text!r}")

    def waits_until_up(self) -> dict[str, str]:
        """The environment of the server."""
        end = time.monotonic() + SOON
        while not self.is_up():
            assert time.monotonic() < end, self.hub.log.read_text()[-3000:]
            time.sleep(0.1)
        return self.environment()

    def environment(self) -> dict[str, str]:
        text = Path(f"/proc/{self.process()}/environ").read_bytes()
        return dict(line.split("=", 1) for line in text.decode().split("\0") if "=" in line)

    def process(self) -> int:
        """Of the server, which has the person's prefix in its environment."""
        needle = f"JUPYTERHUB_SERVICE_PREFIX=/user/{self.name}/\0".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                mine = needle in (entry / "environ").read_bytes()
                if mine and str(self.hub.course.data_folder).encode() in (entry / "environ").read_bytes():
                    return int(entry.name)
            except OSError:
                continue
        raise AssertionError(f"{self.name} has no server")


@pytest.fixture
def hub(tmp_path):
    original = shutil.copytree(ROOT / "tests" / "little", tmp_path / "original")
    with (original / "course_config.py").open("a") as file:
        file.write(COURSE)
    (tmp_path / "light.py").write_text(CONFIG)
    arguments = ("--gpus", "1", "--config", str(tmp_path / "light.py"))
    with PagesAlone(tmp_path / "course", *arguments, original=original) as hub:
        yield hub


def test_one_gpu_for_three(hub):
    """In the order of asking, through a killed hub and a killed server; each sees the GPU or none."""
    with ExitStack() as stack:
        first, second, third, ta = (
            Person(hub, name, stack) for name in ("student-001", "student-002", "instructor", "ta-001")
        )
        ta.ask("small")
        first.ask("gpu")
        assert ta.waits_until_up()["CUDA_VISIBLE_DEVICES"] == ""
        shown = first.waits_until_up()
        assert (shown["CUDA_VISIBLE_DEVICES"], shown["CUDA_DEVICE_ORDER"]) == ("0", "PCI_BUS_ID")
        second.ask("gpu")
        second.reads("The GPU is taken: you are next.")
        hub.kill()
        hub.start()
        third.ask("gpu")
        third.reads("1 before you")
        second.ask("gpu")
        second.reads("you are next")
        assert first.is_up() and not second.is_up() and not third.is_up()
        os.kill(first.process(), signal.SIGKILL)
        assert second.waits_until_up()["CUDA_VISIBLE_DEVICES"] == "0" and not third.is_up()
        assert stop_server(hub.course, "student-002") == "Their server was stopped."
        assert stop_server(hub.course, "nobody") == "They have no server that runs."
        assert third.waits_until_up()["CUDA_VISIBLE_DEVICES"] == "0"
    book = GpuBook(hub_folder(hub.course) / "gpus.sqlite")
    assert [use.user for use in book.open_uses()] == ["instructor"]
    assert book.seconds("student-001", 0) > 0 and book.seconds("ta-001", 0) == 0
