"""What every request passes: who asks, how fast, and how much of it at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from ...base.errors import UsageError
from ...course import Unit
from ..store.desk import Desk
from .bodies import is_chunked, said_length
from .checks import TokenChecks
from .identity import Caller, caller_of, token_of
from .rate import Buckets
from .refusals import Refused
from .rights import demand
from .room import Places, Space, held_by


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


async def identify(request: Request, token: str | None, vouched: bool = False) -> Caller:
    """The member of this course who owns a token.

    Args:
        request: that asks.
        token: from it; None where there is none.
        vouched: it stood in a cookie that we have signed.

    Raises:
        Refused: no valid token, no member, or too many requests.
    """
    checks: TokenChecks = request.app.state.checks
    address = request.client.host if request.client else ""
    model = await checks.model(token, address, vouched) if token else None
    found = caller_of(desk_of(request).course, model)
    requests: Buckets = request.app.state.requests
    requests.take(found.name, "requests")
    places: Places = request.app.state.places
    await held_by(request).enter_async_context(places.of(found.name))
    return found


def staff(member: Annotated[Caller, Depends(caller)]) -> Caller:
    """The same, for staff only.

    Raises:
        Refused: a student asks.
    """
    if not member.staff:
        raise Refused(403, "This is for the course staff.")
    return member


def having(right: str) -> Callable[..., Caller]:
    """Lets staff pass who have a right."""

    def check(request: Request, member: Annotated[Caller, Depends(staff)]) -> Caller:
        demand(desk_of(request).course, member.rights, right)
        return member

    return check


def uploader(request: Request, member: Annotated[Caller, Depends(caller)]) -> Caller:
    """The same, for uploads, which have a rate of their own; staff's are not counted."""
    if not member.staff:
        count_upload(request, member)
    return member


def count_upload(request: Request, member: Caller) -> None:
    """Take one upload from a person's buckets: that of minutes, and that of days."""
    uploads: Buckets = request.app.state.uploads
    uploads.take(member.name, "uploads")
    long_run: Buckets = request.app.state.uploads_long_run
    long_run.take(member.name, "uploads")


async def body(request: Request, member: Annotated[Caller, Depends(caller)]) -> bytes:
    """The bytes of a request, which ``BodyLimit`` has bounded."""
    await room_for(request, member)
    return await request.body()


async def room_for(request: Request, member: Caller) -> None:
    """Wait until there is room for the upload that this request brings; before any of it is read.

    Raises:
        Refused: this person has too many under way.
    """
    held, desk = held_by(request), desk_of(request)
    most = int(desk.limits.body_mib * 2**20)
    size = most if is_chunked(request.scope) else min(said_length(request.scope), most)
    one_by_one: Places = request.app.state.upload_places
    await held.enter_async_context(one_by_one.of(member.name, "uploads"))
    room: Space = request.app.state.room
    await held.enter_async_context(room.of(size))


def unit_of(request: Request, unit: str) -> Unit:
    """The unit in the path.

    Raises:
        Refused: there is none.
    """
    try:
        return desk_of(request).course.unit(unit)
    except UsageError as error:
        raise Refused(404, f"There is {error}") from error
