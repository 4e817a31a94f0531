"""Services behind Unix sockets, which JupyterHub 6 knows for itself and its proxy but not for services.

Its table of servers holds scheme, host and port. For a service on a socket the host is the socket's
escaped path, and what JupyterHub makes of such a row has to leave the port out.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from jupyterhub import app, objects
from jupyterhub.services import service
from traitlets import observe

from ...base import unix_sockets


class AnyServer(objects.Server):
    """A server on a port, or on a Unix socket."""

    @observe("orm_server")
    def _orm_server_changed(self, change: Any) -> None:
        super()._orm_server_changed(change)
        if self.proto == unix_sockets.SCHEME:
            self.connect_addr = self.ip
            self.connect_url = f"{self.proto}://{self.ip}"


def allow_unix_services() -> None:
    """Let this process's JupyterHub find services on sockets."""
    app.Server = service.Server = AnyServer


class UnixServices(app.JupyterHub):
    """A JupyterHub whose services may have a URL such as ``http+unix://%2Fsrv%2Fexchange``."""

    def service_from_spec(self, spec: dict[str, Any], from_config: bool = True) -> Any:
        """Make a service, with its socket in the table of servers."""
        path = unix_sockets.path_of(spec.get("url") or "")
        if path is None:
            return super().service_from_spec(spec, from_config=from_config)
        made = super().service_from_spec({**spec, "url": "http://unix"}, from_config=from_config)
        made.url = made.orm.url = spec["url"]
        made.orm.server.proto, made.orm.server.ip = unix_sockets.SCHEME, urlsplit(spec["url"]).netloc
        unix_sockets.reserve(path)
        return made
