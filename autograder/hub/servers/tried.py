"""``python -m autograder.hub.servers.tried HUB EXCHANGE``: run where somebody's server would, as that person.

Prints a line for each thing that a server there would miss, and nothing where it has all: ``course doctor
--infra`` starts it.
"""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ...base.loopback import connectable

SECONDS = 10.0
MODULES = ("jupyterhub", "jupyterlab", "nbgrader")


def missing(hub: str, exchange: str) -> Iterator[str]:
    """What a server would miss here.

    Args:
        hub: the address of the hub's API as servers get it; empty: it is not asked.
        exchange: the same of the exchange.
    """
    for name in MODULES:
        if find_spec(name) is None:
            yield f"{name} is not installed there, in {sys.executable}"
    home = Path.home()
    if not os.access(home, os.W_OK):
        yield f"the home {home} cannot be written there"
    for what, address in (("hub", hub), ("exchange", exchange)):
        if address and (fault := _silent(address)):
            yield f"the {what} does not answer at {address} from there: {fault}"


def _silent(address: str) -> str:
    at, headers = connectable(address)
    try:
        with urllib.request.urlopen(urllib.request.Request(at, headers=headers), timeout=SECONDS):
            return ""
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    print("\n".join(missing(*sys.argv[1:3])))
