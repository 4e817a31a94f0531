"""Bodies of requests: how large each may be, and how slowly it may come.

Only few addresses take files; all others take forms of some fields, or nothing. A body is read when its
sender is known and has room (``room.py``), never before.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .refusals import Refused

FORM_BYTES = 64 << 10  # of a body that brings no files
UPLOADS = re.compile(r"(POST|PUT) .*/(units/[^/]+/(attempts|release|look)|attempts/[^/]+/feedback)")
DRAINED = 4  # times the limit that is read and thrown away, so that the answer is read at all
PATIENCE = 30.0  # seconds that any body may take
SLOWEST = 16 << 10  # bytes a second that are waited for longer
SLOW = "The upload came too slowly, and nothing was stored. Look at your connection, and try again."


class BodyLimit:
    """Refuses bodies that are too large, whether they say so or not, and those that never end."""

    def __init__(self, app: ASGIApp, most: int, patience: float = PATIENCE) -> None:
        self.app, self.most, self.patience = app, most, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self._most(scope)
        body = _Body(receive, self.patience)
        if said_length(scope) > most:
            await body.drain(DRAINED * most)
            answer = JSONResponse({"error": _text(most)}, status_code=413, headers={"Connection": "close"})
            await answer(scope, receive, send)
            return

        async def counted() -> Message:
            message = await body.receive()
            if body.read > most:
                raise Refused(413, _text(most))
            return message

        async def answered(message: Message) -> None:
            # Who is answered while they still send may read a reset in place of the answer; a proxy says 503.
            if message["type"] == "http.response.start" and (said_length(scope) or is_chunked(scope)):
                await body.drain(DRAINED * most)
            await send(message)

        await self.app(scope, counted, answered)

    def _most(self, scope: Scope) -> int:
        uploads = UPLOADS.fullmatch(f"{scope['method']} {scope['path']}")
        return self.most if uploads else min(FORM_BYTES, self.most)


class _Body:
    """One body as it comes in; the clock runs from its first byte on."""

    def __init__(self, receive: Receive, patience: float) -> None:
        self._receive, self._patience = receive, patience
        self._ends: float | None = None
        self.read, self._whole = 0, False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            Refused: it did not come in time.
        """
        if self._whole:
            return await self._receive()  # the end of the connection, which may take its time
        if self._ends is None:
            self._ends = time.monotonic() + self._patience
        try:
            async with asyncio.timeout(self._ends + self.read / SLOWEST - time.monotonic()):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(408, SLOW) from error
        self.read += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

    async def drain(self, most: int) -> None:
        """Read what comes, up to a limit, and forget it."""
        try:
            while not self._whole and self.read < most:
                await self.receive()
        except Refused:
            return


def said_length(scope: Scope) -> int:
    """What a request says of the length of its body; 0 where it says nothing."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    text = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(text) if text.isdigit() else 0


def is_chunked(scope: Scope) -> bool:
    """Whether a body comes whose length nobody knows."""
    headers: list[tuple[bytes, Any]] = scope["headers"]
    return any(name == b"transfer-encoding" for name, _ in headers)


def _text(most: int) -> str:
    if most <= FORM_BYTES:
        return f"The request is larger than {most / 2**10:.0f} KiB, which is more than any form here sends."
    return (
        f"The upload is larger than {most / 2**20:.0f} MiB. "
        "Clear the outputs of the notebook, leave out data files, and hand it in again."
    )
