"""One browser's request: who it is, what its forms carry, how it is answered."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from itsdangerous import URLSafeTimedSerializer
from starlette.datastructures import FormData
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from ...course import Unit
from ...marks.attempts import StoredFile
from ...marks.blobs import Blobs
from .. import deeds
from ..store.attempts import Attempt
from ..store.desk import Desk
from ..views.render import page
from . import access, rights
from .identity import Caller
from .login import NotLoggedIn, Sessions
from .refusals import Refused, full_disk_is_said

UNSHOWN = "application/octet-stream"


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
        found = LoginSession(request, await access.identify(request, token, vouched=True), token)
    except Refused as error:
        if error.status == 401:  # the hub has forgotten the token: log in again
            raise NotLoggedIn from error
        raise
    request.state.login = found  # whose page a refusal is
    return found


async def _form(
    request: Request, session: Annotated[LoginSession, Depends(session)]
) -> AsyncIterator[FormData]:
    if request.headers.get("content-type", "").startswith("multipart/"):  # files; our other forms are not
        access.count_upload(request, session.member)
        await access.room_for(request, session.member)
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


def _having(right: str) -> Any:
    def check(session: Annotated[LoginSession, Depends(_for_staff)]) -> LoginSession:
        rights.demand(session.desk.course, session.member.rights, right)
        return session

    return Depends(check)


AttemptOf = Annotated[Attempt, Depends(_visible)]
StaffOf = Annotated[LoginSession, Depends(_for_staff)]
ReleaseOf = Annotated[LoginSession, _having(rights.RELEASE)]
ExtendOf = Annotated[LoginSession, _having(rights.EXTEND)]
RegradeOf = Annotated[LoginSession, _having(rights.REGRADE)]
HandOutOf = Annotated[LoginSession, _having(rights.HAND_OUT)]
ExportOf = Annotated[LoginSession, _having(rights.EXPORT)]


def script_file(path: Path) -> Response:
    """A script of ours, which browsers keep for ten minutes."""
    text = path.read_text(encoding="utf-8")
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "max-age=600"})


def download(content: bytes, path: str, kind: str = UNSHOWN) -> Response:
    """A file as a download, whatever it is: it is never shown on our origin."""
    return Response(content, media_type=kind, headers=as_file(path))


def download_of(blobs: Blobs, file: StoredFile) -> Response:
    """The same for a stored file, which is read as the browser takes it."""
    return FileResponse(blobs.path(file.sha256), media_type=UNSHOWN, headers=as_file(file.path))


def as_file(path: str) -> dict[str, str]:
    """The headers of a download, which is never shown on our origin."""
    name = path.rpartition("/")[2]
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name
    )
    return {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Content-Security-Policy": "sandbox",
    }


def of_hub(path: str) -> str:
    """An address of the hub that stands around this service, be it on another origin."""
    return (
        os.environ.get("JUPYTERHUB_HOST", "")
        + f"{os.environ.get('JUPYTERHUB_BASE_URL', '/').rstrip('/')}/{path}"
    )


def lab_of(unit: Unit) -> str:
    """Where a unit's notebook opens on one's own server, which is started, and the unit fetched, if need be.

    ``/hub/user-redirect`` leads to whoever asks, on the server's own name where there are such; there
    ``autograder/hub/servers/opening.py`` answers.
    """
    return of_hub(f"hub/user-redirect/course/{unit.name}")


def error_page(request: Request, status: int, text: str, headers: dict[str, str]) -> Response:
    """A refusal as a page."""
    prefix: str = request.app.state.prefix
    course = request.app.state.desk.course
    login: LoginSession | None = getattr(request.state, "login", None)
    known: dict[str, Any] = {"member": None, "word": ""}
    if login is not None:
        known = {"member": login.member, "word": login.sessions.word(login.token)}
    return HTMLResponse(
        page("exchange/error.html", prefix, text=text, status=status, course=course, **known),
        status_code=status,
        headers=headers,
    )
