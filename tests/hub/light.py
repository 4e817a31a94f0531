"""Hubs whose servers answer and do no more: for what is about who has one, and who waits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.hub.support import ROOT, RunningHub, little_with

TOKEN = "of-a-test-" + "0" * 32
SOON = 60.0  # seconds on a busy machine
ONE_GPU = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, profiles=(Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1)))
"""
HOURS = """
from dataclasses import replace
from autograder.course import Profile
course = replace(course, gpu_hours_per_week=10, gpu_idle_minutes=20, profiles=(
    Profile("small", "NumPy"), Profile("gpu", "One GPU", gpus=1, hours=2)))
"""
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


@contextmanager
def light_hub(folder: Path, course: str, more: str = "") -> Iterator[PagesAlone]:
    """A hub on a machine with one GPU.

    Args:
        folder: of its own.
        course: what stands below the little course's configuration.
        more: the same, below the hub's.
    """
    original = little_with(folder, course)
    (folder / "light.py").write_text(CONFIG + more)
    arguments = ("--gpus", "1", "--config", str(folder / "light.py"))
    with PagesAlone(folder / "course", *arguments, original=original) as hub:
        yield hub
