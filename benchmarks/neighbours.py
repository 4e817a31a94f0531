"""Single-user servers of a real hub that run beside a measurement, each with a kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from autograder.marks.roster import Member
from tests.hub.support import RunningHub

PATIENCE = 120.0  # seconds for all servers to be up


@contextmanager
def servers(count: int, folder: Path) -> Iterator[list[str]]:
    """Start a hub with a class, log everybody in and start their servers; their names."""
    names = [f"student-{number:03d}" for number in range(1, count + 1)]
    if not names:
        yield names
        return
    members = (Member("instructor", "instructor"), *(Member(name, "student") for name in names))
    with RunningHub(folder, members=members) as hub:
        clients = [_begin(hub, name) for name in names]
        for name, client in zip(names, clients, strict=True):
            _kernel(name, client)
        yield names
        for client in clients:
            client.close()


def _begin(hub: RunningHub, name: str) -> httpx.Client:
    """Ask the hub for a server; the client carries the student's token."""
    with closing(hub.browserless(name)) as browser:
        token = hub.token(browser, name)
    client = httpx.Client(base_url=hub.url, headers={"Authorization": f"token {token}"}, timeout=60)
    client.post(f"/hub/api/users/{name}/server", json={}).raise_for_status()
    return client


def _kernel(name: str, client: httpx.Client) -> None:
    """Wait for the server and start a kernel in it."""
    ends = time.monotonic() + PATIENCE
    while client.get(f"/user/{name}/api/status").status_code != 200:
        if time.monotonic() > ends:
            raise TimeoutError(f"the server of {name} is not up after {PATIENCE:g} s")
        time.sleep(0.5)
    client.post(f"/user/{name}/api/kernels", json={}).raise_for_status()
