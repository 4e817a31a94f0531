"""``python -m autograder.hub.servers.in_pod``: one person's notebook server inside a pod.

A pod's turn may come while the hub is being replaced. JupyterHub's own server then ends after three quarters
of a minute; this one waits for the hub.
"""

from __future__ import annotations

import time

import requests
from jupyterhub.services.auth import HubAuth

from .singleuser import main as serve

SECONDS = 10.0  # for the hub to answer
PATIENCE = 600.0  # seconds for a hub that is being started again


def main() -> None:
    """Wait for the hub, become the server."""
    wait_for(HubAuth().api_url, PATIENCE)
    serve()


def wait_for(hub: str, patience: float) -> None:
    """Until the hub answers there.

    Args:
        hub: the address of its API.
        patience: seconds.

    Raises:
        SystemExit: it does not.
    """
    end = time.monotonic() + patience
    while not _answers(hub):
        if time.monotonic() > end:
            raise SystemExit(f"the hub at {hub} did not answer for {patience:g} seconds")
        time.sleep(1)


def _answers(hub: str) -> bool:
    try:
        return requests.get(hub, timeout=SECONDS).status_code < 500
    except requests.RequestException:
        return False


if __name__ == "__main__":
    main()
