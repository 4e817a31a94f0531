"""Where a request came from, found before anything else sees it (``base/forwarded.py``)."""

from __future__ import annotations

import os

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ...base.forwarded import HEADERS, Proxies, named_proxies

_UNREAD = {name.encode() for name in HEADERS}


class OriginMiddleware:
    """Puts the true ``client`` and ``scheme`` into each request, and takes forwarded headers off."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self.app, self.proxies = app, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] in ("http", "websocket"):
            headers, client = Headers(scope=scope), scope.get("client")
            origin = self.proxies.origin(
                client[0] if client else "",
                scope.get("scheme", "http"),
                ",".join(headers.getlist("x-forwarded-for")),
                ",".join(headers.getlist("x-forwarded-proto")),
            )
            kept = [(name, value) for name, value in scope["headers"] if name not in _UNREAD]
            scope = {**scope, "client": (origin.address, 0), "scheme": origin.scheme, "headers": kept}
        await self.app(scope, receive, send)


def proxies_of_hub() -> Proxies:
    """The proxies that the hub's operator named, as the hub says to its services.

    Raises:
        UsageError: one of them is no address.
    """
    return named_proxies(os.environ.get("COURSE_TRUSTED_PROXIES", "").split(","))
