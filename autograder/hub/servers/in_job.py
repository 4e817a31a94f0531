"""``python -m autograder.hub.servers.in_job``: one person's notebook server inside a Slurm job.

Which ports of a node are free is known on the node only: the server takes one there, tells the hub
(``job_port.py``), and serves. batchspawner's own wrapper runs a script that it finds on PATH; this
one needs neither PATH nor script.
"""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

import requests
from jupyterhub.services.auth import HubAuth
from jupyterhub.utils import random_port

from .ends import end_of_job
from .singleuser import main as serve

SECONDS = 30.0  # for the hub to answer
PATIENCE = 600.0  # seconds for a hub that is being started again


def main() -> None:
    """Choose a port, report it, become the server."""
    port = random_port()
    given = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    os.environ["JUPYTERHUB_SERVICE_URL"] = given._replace(netloc=f"{given.hostname}:{port}").geturl()
    os.environ |= end_of_job(os.environ)
    _report(port)
    serve()


def _report(port: int) -> None:
    hub = HubAuth()
    end = time.monotonic() + PATIENCE
    while not (answer := _try(hub, port)):
        if time.monotonic() > end:
            raise SystemExit(f"the hub at {hub.api_url} did not answer for {PATIENCE / 60:g} minutes")
        time.sleep(1)
    if answer is not True:
        raise SystemExit(f"the hub at {hub.api_url} does not take this server's port: {answer}")


def _try(hub: HubAuth, port: int) -> bool | str:
    """True where the hub noted the port, its words where it refused, False where it is not there."""
    try:
        answer = requests.post(
            f"{hub.api_url}/batchspawner",
            headers={"Authorization": f"token {hub.api_token}"},
            json={"port": port},
            timeout=SECONDS,
        )
    except requests.RequestException:
        return False
    if answer.status_code >= 500:
        return False
    return answer.ok or answer.text[:300] or "no reason"


if __name__ == "__main__":
    main()
