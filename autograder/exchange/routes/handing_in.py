"""Handing in from a browser: upload, look, confirm. What was only looked at is no attempt."""

from __future__ import annotations

from fastapi import APIRouter
from itsdangerous import BadSignature
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ...course import Unit
from ...marks import read_dates
from .. import deeds
from ..look import look_at, look_closely
from ..service.refusals import Refused
from ..service.session import FormOf, LoginSession, SessionOf, UnitOf
from ..store import attempts
from ..store.drafts import TOO_LATE, find_draft, keep_draft
from ..store.uploads import File, from_form
from ..views import words
from ..views.looked import look_parts

ROUTES = APIRouter()


@ROUTES.post("/units/{unit}/look")
async def look(session: SessionOf, unit: UnitOf, form: FormOf) -> Response:
    """Say what handing in these files would mean; nothing is handed in yet."""
    given = [item for item in form.getlist("files") if isinstance(item, UploadFile)]
    parts = [(item.filename or "", await item.read()) for item in given]
    return await run_in_threadpool(_looked, session, unit, parts)


def _looked(session: LoginSession, unit: Unit, parts: list[tuple[str, bytes]]) -> Response:
    deeds.released(session.desk, unit)
    upload = from_form(parts, session.desk.limits)
    course = session.desk.course
    found = look_closely(course, unit, upload.files, look_at(course, unit, upload.files))
    files = upload.files if found.alone else _renamed(upload.files, found.notebook, unit)
    alone = found.notebook if found.alone else ""
    kept = keep_draft(session.desk, unit, session.member.name, files, alone, looked=True)
    draft = session.drafts.dumps([unit.name, session.member.name, kept.id])
    desk = session.desk
    with desk.database.read() as connection:
        due = read_dates(connection, desk.course, unit).due(session.member.name)
    warning = words.warning(desk.course, due, desk.now())
    looked = look_parts(found)
    return session.page(
        "exchange/look.html", unit=unit, found=found, looked=looked, draft=draft, due=due, warning=warning
    )


def _renamed(files: tuple[File, ...], notebook: str, unit: Unit) -> tuple[File, ...]:
    """Browsers rename what is downloaded twice; the unit's notebook gets its name back."""
    name = f"{unit.name}.ipynb"
    return tuple(File(name if file.path == notebook else file.path, file.content) for file in files)


@ROUTES.post("/units/{unit}/hand-in")
def hand_in(session: SessionOf, unit: UnitOf, form: FormOf) -> Response:
    """Hand in what was looked at."""
    try:
        named, student, name = session.drafts.loads(str(form.get("draft")), session.desk.limits.draft_seconds)
    except (BadSignature, ValueError) as error:
        raise Refused(422, TOO_LATE) from error
    if (named, student) != (unit.name, session.member.name):
        raise Refused(403, "This file was uploaded for another unit or by somebody else. Upload it again.")
    deeds.released(session.desk, unit)
    with session.desk.database.read() as connection:
        draft, known = find_draft(connection, name), attempts.by_key(connection, unit.name, student, name)
    if known is None:
        if draft is None:
            raise Refused(422, TOO_LATE)
        known, _ = attempts.accept_draft(session.desk, unit, draft, name)
    return session.go(f"attempts/{known.id}")
