"""JupyterHub, with its login page up before its services and without long waits.

JupyterHub starts one service after the other and waits for each before it shows a page.
Here the pages come first; services start in their order, and a hub whose services do not start
ends with exit code 1, so that nobody overlooks it. Ports are those that this process holds (ports.py),
services are behind Unix sockets (unix_services.py).

Whose word is believed of where a request came from (downstream.py), what a first password opens
and what a changed one ends (``people/``) is said here, too, since it is for all pages.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from jupyterhub import spawner, utils
from jupyterhub.services import service as services
from sqlalchemy.exc import SQLAlchemyError
from tornado import httpserver
from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError
from traitlets import Dict, Float, Integer, List, Unicode
from traitlets.utils.importstring import import_item

from ...base.files import token
from ...base.forwarded import named_proxies
from ...marks.log_names import hide_names
from ..gpus.book import GpuBook
from ..gpus.job_times import times_of
from ..gpus.watch import GpuWatch
from ..people.first_password import behind_change
from . import ports
from .downstream import KnownOrigins
from .elsewhere import elsewhere
from .unix_services import UnixServices

WATCH_SECONDS = 1.0  # between two looks at the file of passwords
LONGEST_WAIT = 0.5  # seconds between two looks at what is starting; JupyterHub's own is 5
SERVICE_SECONDS = 5  # until a service that has died is started again; JupyterHub's own is 30


class CourseHub(UnixServices):
    """A JupyterHub that does not wait for its services, and is careful with logins."""

    trusted_proxies = List(Unicode(), help="Reverse proxies whose headers are believed.").tag(config=True)
    job_mark = Unicode(help="What this hub's jobs and pods carry; empty elsewhere.").tag(config=True)
    taken_up = Unicode(help="The class that finds what an earlier run left.").tag(config=True)
    roster_file = Unicode(help="The roster, whose students have no names in the log.").tag(config=True)
    secret_file = Unicode(help="The course's secret, from which their pseudonyms follow.").tag(config=True)
    gpu_book = Unicode(help="The file of the book of GPUs; none is kept without.").tag(config=True)
    gpu_days = Float(None, allow_none=True, help="That it keeps a use.").tag(config=True)
    gpu_times = Unicode(help="The class that says when servers held GPUs; Slurm without.").tag(config=True)
    gpu_profiles = Dict(help="GPUs of each profile, by its name.").tag(config=True)
    handlers: Any  # JupyterHub makes them
    tornado_application: Any
    leads_to_change = True  # RosterAuthenticator asks: see first_password.py

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._later: list[tuple[Any, ...]] = []
        self._starting: asyncio.Task[None] | None = None
        self._taken_up: Any = None
        self._gpus: GpuWatch | None = None

    def init_logging(self) -> None:
        """As JupyterHub does, without students' names."""
        super().init_logging()
        if self.roster_file:
            hide_names(self.log, Path(self.roster_file), token(Path(self.secret_file)).encode())

    def init_handlers(self) -> None:
        """The hub's addresses; with a first password only one of them works."""
        super().init_handlers()
        if hasattr(self.authenticator, "has_first_password"):
            self.handlers = behind_change(self.handlers)

    def init_tornado_application(self) -> None:
        """The hub's web server: on the hub's own name only, where others have names below it.

        It knows where a request came from.
        """
        super().init_tornado_application()
        if self.subdomain_host:
            names, handlers = elsewhere(self.domain, self.public_url, self.hub.base_url)
            self.tornado_application.add_handlers(names, handlers)
        proxies = named_proxies(self.trusted_proxies)
        self.tornado_application = KnownOrigins(self.tornado_application, proxies)

    async def init_spawners(self) -> Any:
        """Find the servers of before, and set aside those that were still waited for."""
        if self.taken_up:
            self._taken_up = import_item(self.taken_up)(self)
            self._taken_up.set_aside()
        if self.gpu_book:
            times = import_item(self.gpu_times)(self) if self.gpu_times else times_of
            book = GpuBook(Path(self.gpu_book))
            self._gpus = GpuWatch(self, book, self.gpu_profiles, self.gpu_days, times)
            self._gpus.remember(self.db)
            await self._gpus.close_ended()
        return await super().init_spawners()

    async def start(self) -> None:
        """Start proxy and pages, then the services."""
        httpserver.HTTPServer = HeldServer  # type: ignore[misc]
        await super().start()
        if self._taken_up is not None:
            self._taken_up.start()
        self._starting = asyncio.create_task(self._start_services())
        if self._gpus is not None:
            self._gpus.begin()
        if hasattr(self.authenticator, "end_earlier_sessions"):
            PeriodicCallback(Watch(self).look, WATCH_SECONDS * 1000).start()

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


class HeldServer(httpserver.HTTPServer):
    """Listens on the socket that this process holds for the port; on a new one where it holds none."""

    def listen(self, port: int, *address: Any, **more: Any) -> None:
        """Listen."""
        socket = ports.held(port)
        if socket is None:
            super().listen(port, *address, **more)
        else:
            socket.setblocking(False)
            self.add_socket(socket)


class WatchedService(services._ServiceSpawner):
    """A service that is soon started again."""

    poll_interval = Integer(SERVICE_SECONDS)


class Watch:
    """Notices that the file of passwords changed, by whatever command, also while no hub ran."""

    def __init__(self, hub: CourseHub) -> None:
        self.hub = hub
        self.seen: object = ()

    def look(self) -> None:
        """End the sessions of earlier passwords, once after each change."""
        now = self.hub.authenticator.passwords.state()
        if now == self.seen:
            return
        self.seen = now
        try:
            self.hub.authenticator.end_earlier_sessions(self.hub.db)
        except HTTPError:  # a damaged file, as the log says: looked at again when it has changed
            return
        except SQLAlchemyError as error:
            self.hub.log.error("sessions of earlier passwords were not ended yet: %s", error)
            self.hub.db.rollback()
            self.seen = ()


def look_often() -> None:
    """Notice soon that a server, a service or the proxy is up, or has ended.

    JupyterHub looks at intervals that double up to 5 s; a server that needs 2 s is then
    noticed up to 2 s late, which its owner has to wait. A hub that ends waits for each service in turn.
    """
    soon = partial(utils.exponential_backoff, max_wait=LONGEST_WAIT)
    utils.exponential_backoff = spawner.exponential_backoff = soon
    services._ServiceSpawner = WatchedService
