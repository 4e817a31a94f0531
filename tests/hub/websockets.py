"""Websockets that a test opens and really closes: what is left open fails some later test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

SECONDS = 60.0


@asynccontextmanager
async def websocket(request: HTTPRequest, **more: Any) -> AsyncIterator[WebSocketClientConnection]:
    """A connection, closed on both sides at the end; ``more`` goes to Tornado."""
    connection = await websocket_connect(request, **more)
    try:
        yield connection
    finally:
        connection.close()
        while await asyncio.wait_for(connection.read_message(), SECONDS) is not None:
            pass  # said before the other side heard of the end
