"""What every request passes: the size of its body, who asks, how fast."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...base.errors import UsageError
from ...course import Unit
from ..store.desk import Desk
from .identity import Caller, Identity, caller_of, token_of
from .rate import Buckets
from .refusals import Refused

DRAINED = 4  # times the limit that is read and thrown away, so that the answer is read at all


def desk_of(request: Request) -> Desk:
    """The exchange that this application serves."""
    desk: Desk = request.app.state.desk
    return desk


async def caller(request: Request) -> Caller:
    """The member of this course whose token stands in the Authorization header.

    Raises:
        Refused: no valid token, no member, or too many requests.
    """
    return await identify(request, token_of(request.headers.get("authorization")))


async def identify(request: Request, token: str | None) -> Caller:
    """The member of this course who owns a token."""
    identity: Identity = request.app.state.identity
    model = await identity.model(token) if token else None
    found = caller_of(desk_of(request).course, model)
    requests: Buckets = request.app.state.requests
    requests.take(found.name, "requests")
    return found


def staff(member: Annotated[Caller, Depends(caller)]) -> Caller:
    """The same, for staff only.

    Raises:
        Refused: a student asks.
    """
    if not member.staff:
        raise Refused(403, "This is for the course staff.")
    return member


def uploader(request: Request, member: Annotated[Caller, Depends(caller)]) -> Caller:
    """The same, for uploads, which have a rate of their own; staff's are not counted."""
    if not member.staff:
        count_upload(request, member)
    return member


def count_upload(request: Request, member: Caller) -> None:
    """Take one upload from a person's bucket."""
    uploads: Buckets = request.app.state.uploads
    uploads.take(member.name, "uploads")


async def body(request: Request) -> bytes:
    """The bytes of a request, which ``BodyLimit`` has bounded."""
    return await request.body()


def unit_of(request: Request, unit: str) -> Unit:
    """The unit in the path.

    Raises:
        Refused: there is none.
    """
    try:
        return desk_of(request).course.unit(unit)
    except UsageError as error:
        raise Refused(404, f"There is {error}") from error


class BodyLimit:
    """Refuses bodies that are too large, whether they say so or not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _said(scope) > self.most:
            await _drain(receive, DRAINED * self.most)
            answer = JSONResponse({"error": self._text()}, status_code=413, headers={"Connection": "close"})
            await answer(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most:
                raise Refused(413, self._text())
            return message

        await self.app(scope, counted, send)

    def _text(self) -> str:
        return (
            f"The upload is larger than {self.most / 2**20:.0f} MiB. "
            "Clear the outputs of the notebook, leave out data files, and hand it in again."
        )


def _said(scope: Scope) -> int:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    text = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(text) if text.isdigit() else 0


async def _drain(receive: Receive, most: int) -> None:
    more, read = True, 0
    while more and read < most:
        message: dict[str, Any] = dict(await receive())
        read += len(message.get("body", b""))
        more = message.get("more_body", False)
