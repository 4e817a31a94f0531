"""What the hub answers on a name that is not its own, and on its own for what has another.

With sub-domains the proxy sends the hub whatever belongs to nobody, on every name. On the name of a student's
server the student's pages would share an origin with the hub's login page; so there the hub only says
where it is itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tornado import web

from .options import Options
from .origins import service_url

_STOPPED = 424  # what JupyterHub answers for a server that does not run


class OnTheHub(web.RequestHandler):
    """Sends pages to the hub's own name."""

    def initialize(self, hub: str, prefix: str) -> None:
        """Take the hub's address, and the path below which its pages are."""
        self.hub, self.prefix = hub, prefix

    def prepare(self) -> None:
        """Refuse what is no page; JupyterLab then says that its server does not run."""
        if self.request.method not in ("GET", "HEAD") or "/api/" in self.request.path:
            self.set_status(_STOPPED)
            self.finish({"message": f"No server runs at this address. Start it at {self.hub}."})

    def get(self) -> None:
        """Lead on."""
        path = self.request.uri or "/"
        inside = path if path.startswith(self.prefix) else self.prefix + path.lstrip("/")
        self.redirect(self.hub + inside)

    head = get


class OnItsOwn(web.RequestHandler):
    """``/services/<name>/...`` on the hub's name, where the service has one of its own."""

    def initialize(self, addresses: dict[str, str]) -> None:
        """Take the services' addresses."""
        self.addresses = addresses

    def get(self, name: str, inner: str) -> None:
        """Lead on."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{self.addresses[name]}{inner or '/'}{query}")


def elsewhere(domain: str, public_url: str, prefix: str) -> tuple[str, list[Any]]:
    """A pattern of names, and what is answered there; in tornado's words."""
    where = {"hub": public_url.rstrip("/"), "prefix": prefix}
    return rf".+\.{re.escape(domain)}", [(r".*", OnTheHub, where)]


def service_links(options: Options, names: Iterable[str]) -> list[tuple[Any, ...]]:
    """JupyterHub's ``extra_handlers`` for services that have names of their own."""
    if not options.own_origins:
        return []
    addresses = {name: service_url(options, name) for name in names}
    known = "|".join(re.escape(name) for name in addresses)
    return [(rf"/services/({known})(/.*)?", OnItsOwn, {"addresses": addresses})]
