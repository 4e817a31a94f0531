"""One browser's request: who it is, what its forms carry, how it is answered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from itsdangerous import URLSafeTimedSerializer
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ...course import Unit
from .. import deeds
from ..store.attempts import Attempt
from ..store.desk import Desk
from ..views.render import page
from . import access
from .identity import Caller
from .login import NotLoggedIn, Sessions
from .refusals import Refused, full_disk_is_said


class LoginSession:
    """One browser's request: who it is, and the word that its forms must carry."""

    def __init__(self, request: Request, member: Caller, token: str) -> None:
        self.request, self.member, self.token = request, member, token
        self.desk: Desk = request.app.state.desk
        self.sessions: Sessions = request.app.state.sessions

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page for this browser; an unchanged one is answered by 304."""
        known: dict[str, Any] = {"member": self.member, "course": self.desk.course}
        known["word"] = self.sessions.word(self.token)
        text = page(template, self.sessions.prefix, **known, **values)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        if status == 200 and self.request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return HTMLResponse(
            text, status_code=status, headers={"ETag": tag, "Cache-Control": "no-cache, private"}
        )

    def go(self, path: str) -> Response:
        """Send the browser to another page of ours."""
        return RedirectResponse(f"{self.sessions.prefix}{path}", status_code=303)

    @property
    def drafts(self) -> URLSafeTimedSerializer:
        """Signs what was looked at, until it is handed in."""
        return URLSafeTimedSerializer(self.desk.cookie_key, salt="draft")


async def session(request: Request) -> LoginSession:
    """The logged-in browser.

    Raises:
        NotLoggedIn: it is not, or not any more.
        Refused: its user is no member of this course.
    """
    sessions: Sessions = request.app.state.sessions
    token = sessions.token(request)
    try:
        return LoginSession(request, await access.identify(request, token), token)
    except Refused as error:
        if error.status == 401:  # the hub has forgotten the token: log in again
            raise NotLoggedIn from error
        raise


async def _form(
    request: Request, session: Annotated[LoginSession, Depends(session)]
) -> AsyncIterator[FormData]:
    with full_disk_is_said():
        form = await request.form(max_files=session.desk.limits.files + 1, max_fields=20)
    try:
        session.sessions.check_form(request, session.token, form.get("word"))
        yield form
    finally:
        await form.close()


SessionOf = Annotated[LoginSession, Depends(session)]
FormOf = Annotated[FormData, Depends(_form)]
UnitOf = Annotated[Unit, Depends(access.unit_of)]


def _visible(session: SessionOf, attempt: str) -> Attempt:
    return deeds.visible(session.desk, session.member, attempt)


def _for_staff(session: SessionOf) -> LoginSession:
    if not session.member.staff:
        raise Refused(403, "This page is for the course staff.")
    return session


AttemptOf = Annotated[Attempt, Depends(_visible)]
StaffOf = Annotated[LoginSession, Depends(_for_staff)]


def download(content: bytes, path: str) -> Response:
    """A file as a download, whatever it is: it is never shown on our origin."""
    name = path.rpartition("/")[2]
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name
    )
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{plain}"',
            "Content-Security-Policy": "sandbox",
        },
    )


def of_hub(path: str) -> str:
    """An address of the hub that stands around this service."""
    return f"{os.environ.get('JUPYTERHUB_BASE_URL', '/').rstrip('/')}/{path}"


def error_page(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    """A refusal as a page."""
    prefix: str = request.app.state.prefix
    course = request.app.state.desk.course
    return HTMLResponse(
        page("exchange/error.html", prefix, text=text, status=status, course=course, member=None, word=""),
        status_code=status,
        headers=headers,
    )
