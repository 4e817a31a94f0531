"""A hub whose servers are Slurm jobs, and what its tests ask of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from autograder.marks.roster import Member
from tests.hub.support import LITTLE, ROOT, RunningHub
from tests.hub.test_running import _logged_in
from tests.shared_python import shared_python

SITE = f"""
exec(compile(open({str(ROOT / "infra/slurm/jupyterhub_config.py")!r}).read(), "infra", "exec"))
c.Spawner.environment["SLURM_CONF"] = "@CONF@"
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0.2}}  # the API waits no longer than pages do
"""


class SoonHub(RunningHub):
    """Does not wait for formgrader, which nobody needs here."""

    def _has_services(self):
        return httpx.get(f"{self.service('exchange')}/api/health", timeout=5).status_code == 200


@contextmanager
def jobs_hub(slurm, folder: Path, names: Sequence[str]) -> Iterator[SoonHub]:
    """The little course with these students, and the shipped configuration for Slurm."""
    site = folder / "site.py"
    site.write_text(SITE.replace("@CONF@", slurm.environment["SLURM_CONF"]))
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in names))
    options = ("--spawner", "slurm", "--hub-address", "127.0.0.1", "--config", str(site))
    with shared_python() as python:
        running = SoonHub(
            folder / "course", *options, members=members, environment=slurm.environment, python=python,
            original=LITTLE,
        )  # fmt: skip
        with running:
            yield running
            running.kill()  # sooner than an end in good order, which waits for each service


def token_of(hub, name):
    with _logged_in(hub, name) as client:
        return {"Authorization": f"token {hub.token(client, name)}"}


def start(hub, name, token):
    asked = httpx.post(f"{hub.url}/hub/api/users/{name}/server", headers=token, json={}, timeout=60)
    assert asked.status_code in (201, 202), asked.text


def answers(hub, name, token):
    status = httpx.get(f"{hub.url}/user/{name}/api/status", headers=token, timeout=30)
    return status.status_code == 200


def heard(hub, name, token, seconds, until=None):
    """What the stream of the waiting page says in that time, or until it says something."""
    said, end = [], time.monotonic() + seconds
    address = f"{hub.url}/hub/api/users/{name}/server/progress"
    try:
        with httpx.stream("GET", address, headers=token, timeout=seconds) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    said.append(json.loads(line.removeprefix("data: ")))
                if time.monotonic() > end or (until and until in line):
                    break
    except httpx.ReadTimeout:
        pass
    return said


def ready(hub, name, token):
    model = httpx.get(f"{hub.url}/hub/api/users/{name}", headers=token, timeout=30).json()
    return bool(model.get("servers", {}).get(""))
