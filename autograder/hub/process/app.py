"""JupyterHub, with its login page up before its services and without long waits.

JupyterHub starts one service after the other and waits for each before it shows a page.
Here the pages come first. Nothing else is changed: services start in their order, and a
hub whose services do not start ends with exit code 1, so that nobody overlooks it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from jupyterhub import utils
from jupyterhub.app import JupyterHub

LONGEST_WAIT = 0.5  # seconds between two looks at what is starting; JupyterHub's own is 5


class CourseHub(JupyterHub):
    """A JupyterHub that does not wait for its services."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._later: list[tuple[Any, ...]] = []
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start proxy and pages, then the services."""
        await super().start()
        self._starting = asyncio.create_task(self._start_services())

    async def start_service(self, service_name: str, service: Any, ssl_context: Any = None) -> bool:
        """Note the service while the hub starts; start it at once where the hub is up."""
        if self._starting is None:
            self._later.append((service_name, service, ssl_context))
            return True
        return bool(await super().start_service(service_name, service, ssl_context))

    async def cleanup(self) -> None:
        """Start nothing more, and end everything."""
        if self._starting is not None:
            self._starting.cancel()
        await super().cleanup()

    async def _start_services(self) -> None:
        for name, service, ssl_context in self._later:
            if not await super().start_service(name, service, ssl_context) and service.managed:
                self.log.critical("The service %s does not start, so the hub ends.", name)
                self.exit(1)


def look_often() -> None:
    """Notice soon that a server, a service or the proxy is up.

    JupyterHub looks at intervals that double up to 5 s; a server that needs 2 s is then
    noticed up to 2 s late, which its owner has to wait.
    """
    utils.exponential_backoff = partial(utils.exponential_backoff, max_wait=LONGEST_WAIT)
