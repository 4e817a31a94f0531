"""Before the hub reads a request: where it came from, and how large it may be.

JupyterHub believes ``X-Real-Ip`` and ``X-Forwarded-*`` of everybody (Tornado's ``xheaders``), so that a
stranger could choose the address under which their failed logins are counted. Here the address is found by
``base/forwarded.py`` and those headers go no further.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerConnectionDelegate

from ...base.forwarded import HEADERS, Proxies

LARGEST = 2**20  # bytes of a request's body; the hub's forms and API need some hundred


class KnownOrigins(HTTPServerConnectionDelegate):
    """Stands between Tornado's server and the hub's application."""

    def __init__(self, application: HTTPServerConnectionDelegate, proxies: Proxies) -> None:
        self.application, self.proxies = application, proxies

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        """Called for each request, before its headers are read: the peer is still known."""
        inner = self.application.start_request(server_conn, request_conn)
        return _Request(inner, request_conn, self.proxies)

    def on_close(self, server_conn: object) -> None:
        """A connection ended."""
        self.application.on_close(server_conn)


class _Request(HTTPMessageDelegate):
    """One request on its way in."""

    def __init__(self, inner: HTTPMessageDelegate, connection: Any, proxies: Proxies) -> None:
        self.inner, self.connection, self.proxies = inner, connection, proxies
        context = connection.context
        self.peer, self.scheme = context.remote_ip, context.protocol
        if self.peer == "0.0.0.0":  # Tornado's word for a Unix socket
            self.peer = ""

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Tornado has already believed the headers; set right what it noted, and take them off."""
        said = headers.get("X-Forwarded-For", ""), headers.get("X-Forwarded-Proto", "")
        origin = self.proxies.origin(self.peer, self.scheme, *said)
        context = self.connection.context  # Tornado restores it after the request
        context.remote_ip, context.protocol = origin.address, origin.scheme
        for name in HEADERS:
            headers.pop(name, None)
        headers["X-Forwarded-Proto"] = origin.scheme  # what the browser wrote; JupyterHub asks for it
        self.connection.set_max_body_size(LARGEST)
        return self.inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """A part of the body."""
        return self.inner.data_received(chunk)

    def finish(self) -> None:
        """The body is whole."""
        self.inner.finish()

    def on_connection_close(self) -> None:
        """The peer went away."""
        self.inner.on_connection_close()
