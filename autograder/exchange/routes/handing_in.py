"""Handing in from a browser: upload, look, confirm. What was only looked at is no attempt."""

from __future__ import annotations

import secrets

from fastapi import APIRouter
from itsdangerous import BadSignature
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ...course import Unit
from .. import deeds
from ..look import look_at
from ..service import access
from ..service.refusals import Refused
from ..service.session import FormOf, LoginSession, SessionOf, UnitOf
from ..store import attempts
from ..store.desk import StoredFile
from ..store.uploads import File, from_form

ROUTES = APIRouter()
DRAFT_SECONDS = 3600  # between looking at a file and handing it in


@ROUTES.post("/units/{unit}/look")
async def look(session: SessionOf, unit: UnitOf, form: FormOf) -> Response:
    """Say what handing in these files would mean; nothing is handed in yet."""
    access.count_upload(session.request, session.member)
    given = [item for item in form.getlist("files") if isinstance(item, UploadFile)]
    parts = [(item.filename or "", await item.read()) for item in given]
    return await run_in_threadpool(_looked, session, unit, parts)


def _looked(session: LoginSession, unit: Unit, parts: list[tuple[str, bytes]]) -> Response:
    deeds.released(session.desk, unit)
    upload = from_form(parts, session.desk.limits)
    found = look_at(session.desk.course, unit, upload.files)
    files = upload.files if found.alone else _renamed(upload.files, found.notebook, unit)
    kept = attempts.keep(session.desk, files, found.notebook if found.alone else "")
    draft = session.drafts.dumps(
        [
            unit.name,
            session.member.name,
            secrets.token_hex(16),
            [file.listed() for file in kept],
        ]
    )
    return session.page("exchange/look.html", unit=unit, found=found, draft=draft, files=kept)


def _renamed(files: tuple[File, ...], notebook: str, unit: Unit) -> tuple[File, ...]:
    """Browsers rename what is downloaded twice; the unit's notebook gets its name back."""
    name = f"{unit.name}.ipynb"
    return tuple(File(name if file.path == notebook else file.path, file.content) for file in files)


@ROUTES.post("/units/{unit}/hand-in")
def hand_in(session: SessionOf, unit: UnitOf, form: FormOf) -> Response:
    """Hand in what was looked at."""
    try:
        named, student, key, listed = session.drafts.loads(str(form.get("draft")), DRAFT_SECONDS)
    except BadSignature as error:
        raise Refused(422, "It is too long ago that you uploaded this file. Upload it again.") from error
    if (named, student) != (unit.name, session.member.name):
        raise Refused(403, "This file was uploaded for another unit or by somebody else. Upload it again.")
    deeds.released(session.desk, unit)
    files = tuple(StoredFile(*item) for item in listed)
    attempt, _ = attempts.accept_stored(session.desk, unit, student, files, key)
    return session.go(f"attempts/{attempt.id}")
