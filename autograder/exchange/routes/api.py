"""The JSON interface, below ``<prefix>api/``. Errors are ``{"error": sentence}``."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from ...course import Course, Unit
from ...marks import graded, read_dates, read_facts
from ...marks.attempts import Attempt, StoredFile
from ...results.late import parse_time
from .. import deeds
from ..look import look_at, look_closely
from ..service import access, rights
from ..service.identity import Caller
from ..service.packing import packed
from ..service.refusals import Refused
from ..store import attempts, hints, queue, releases
from ..store.desk import Desk
from ..store.late_days import Agreed
from ..store.releases import Offered
from ..store.uploads import parse_json
from ..views import returned, words
from ..views.looked import look_parts
from ..views.of_record import due_json, mark_json
from ..views.overview import Line, Overview, everyone, overview

ROUTES = APIRouter(prefix="/api")
DeskOf = Annotated[Desk, Depends(access.desk_of)]
Member = Annotated[Caller, Depends(access.caller)]
Staff = Annotated[Caller, Depends(access.staff)]
Releaser = Annotated[Caller, Depends(access.having(rights.RELEASE))]
Uploader = Annotated[Caller, Depends(access.uploader)]
UnitOf = Annotated[Unit, Depends(access.unit_of)]
HandingOut = Annotated[Caller, Depends(access.having(rights.HAND_OUT))]
Body = Annotated[bytes, Depends(access.body)]
SKEW = timedelta(minutes=5)  # of the client's clock that is worth a word


@ROUTES.get("/health")
def health(desk: DeskOf) -> dict[str, Any]:
    """Whether the database answers, and how long the queue is; for everybody."""
    with desk.database.read() as connection:
        return {"ok": True, "queue": queue.length(connection), "time": desk.now().isoformat()}


@ROUTES.get("/receipt-key")
def receipt_key(desk: DeskOf) -> dict[str, str]:
    """The public key of receipts; for everybody."""
    return {"public_key": desk.signer.public_key()}


@ROUTES.get("/me")
def me(desk: DeskOf, member: Member) -> dict[str, Any]:
    """Who the exchange takes the caller for."""
    return {"name": member.name, "course": desk.course.name, "staff": member.staff, "student": member.student}


@ROUTES.get("/units")
def units(desk: DeskOf, member: Member) -> list[dict[str, Any]]:
    """The units; a student sees those that are released."""
    course = desk.course
    with desk.database.read() as connection:
        found = [(unit, releases.find(connection, unit.name)) for unit in course.units]
        return [
            _unit_json(connection, course, unit, made, member) for unit, made in found if made or member.staff
        ]


@ROUTES.get("/units/{unit}/release")
def download_release(desk: DeskOf, member: Member, unit: UnitOf) -> Response:
    """The files of a released unit."""
    made = deeds.released(desk, unit)
    return packed(_released_json(desk, unit, made, member), desk.blobs, made.files)


@ROUTES.put("/units/{unit}/release")
def upload_release(
    desk: DeskOf, member: Releaser, unit: UnitOf, content: Body, force: bool = False
) -> dict[str, Any]:
    """Release a unit."""
    made, warning = releases.release(desk, unit, parse_json(content, desk.limits), member.name, force)
    return _released_json(desk, unit, made, member) | {"warning": warning}


@ROUTES.delete("/units/{unit}/release")
def withdraw_release(desk: DeskOf, member: Releaser, unit: UnitOf) -> dict[str, Any]:
    """Take a unit back."""
    with desk.database.write() as connection:
        releases.withdraw(connection, unit.name)
    return _released_json(desk, unit, None, member)


@ROUTES.post("/units/{unit}/attempts", status_code=201)
def submit(desk: DeskOf, member: Uploader, unit: UnitOf, content: Body) -> dict[str, Any]:
    """Hand in; the answer holds the receipt."""
    deeds.released(desk, unit)
    upload = parse_json(content, desk.limits)
    attempt, _ = attempts.accept(desk, unit, member.name, upload)
    return _attempt_json(desk, attempt, member) | {
        "receipt": attempt.receipt,
        "note": _skew(desk, upload.client_time),
    }


@ROUTES.post("/units/{unit}/look")
def look(desk: DeskOf, member: Uploader, unit: UnitOf, content: Body) -> dict[str, Any]:
    """What handing in these files would mean, in words; nothing is handed in, kept or run.

    Text between backticks is code. ``costs`` is true where points would be lost.
    """
    deeds.released(desk, unit)
    upload = parse_json(content, desk.limits)
    found = look_closely(desk.course, unit, upload.files, look_at(desk.course, unit, upload.files))
    with desk.database.read() as connection:
        due = read_dates(connection, desk.course, unit).due(member.name)
    warning = words.warning(desk.course, due, desk.now())
    return {
        "notebook": found.notebook,
        "costs": bool(warning or found.unreadable or found.lost or found.unread or found.stubs),
        "warning": warning,
        "parts": [asdict(part) for part in look_parts(found)],
        **due_json(due),
    }


@ROUTES.get("/units/{unit}/attempts")
def own_attempts(desk: DeskOf, member: Member, unit: UnitOf) -> dict[str, Any]:
    """The caller's attempts, oldest first, the mark that follows from them, and the caller's tokens."""
    with desk.database.read() as connection:
        view = overview(desk, connection, unit, member.name)
        lines = _lines(desk, connection, view)
    tokens = None if view.purse is None else {"whole": view.purse.whole, "next_in": view.purse.next_in}
    return {"attempts": lines, "tokens": tokens, "record": mark_json(desk.course, view)}


@ROUTES.post("/units/{unit}/late-day")
def spend_late_day(
    desk: DeskOf, member: Member, unit: UnitOf, until: str | None = None, student: str = ""
) -> dict[str, Any]:
    """Spend a late day: the caller's own, or for staff a student's.

    ``until`` is the date that it would be then: the same request sent twice spends one day.
    """
    deeds.spend_late_day(desk, member, unit, student or member.name, Agreed(until))
    with desk.database.read() as connection:
        return mark_json(desk.course, overview(desk, connection, unit, student or member.name))


@ROUTES.get("/units/{unit}/marks")
def marks(desk: DeskOf, member: Staff, unit: UnitOf) -> list[dict[str, Any]]:
    """The marks of everybody with an attempt."""
    course = desk.course
    with desk.database.read() as connection:
        views = everyone(desk, connection, read_facts(connection, course, unit))
    return [{"student": view.student} | mark_json(course, view) for view in views]


@ROUTES.get("/units/{unit}/submissions")
def submissions(desk: DeskOf, member: Staff, unit: UnitOf) -> list[dict[str, Any]]:
    """All attempts of all students, without feedback."""
    with desk.database.read() as connection:
        views = everyone(desk, connection, read_facts(connection, desk.course, unit))
    return [_line_json(line, staff=True) for view in views for line in view.lines]


@ROUTES.post("/units/{unit}/requeue")
def requeue_unit(desk: DeskOf, member: Staff, unit: UnitOf) -> dict[str, int]:
    """Queue all attempts at a unit that have no score, or whose grading ended in trouble."""
    return {"queued": deeds.requeue_unit(desk, unit)}


def _visible(desk: DeskOf, member: Member, attempt: str) -> Attempt:
    """The attempt in the path, for its owner and for staff; for others it does not exist."""
    return deeds.visible(desk, member, attempt)


AttemptOf = Annotated[Attempt, Depends(_visible)]


@ROUTES.get("/attempts/{attempt}")
def attempt_state(desk: DeskOf, member: Member, attempt: AttemptOf) -> dict[str, Any]:
    """An attempt, its place in line and its state."""
    return _attempt_json(desk, attempt, member)


@ROUTES.get("/attempts/{attempt}/receipt")
def receipt(attempt: AttemptOf) -> dict[str, str]:
    """The receipt."""
    return {"receipt": deeds.receipt(attempt)}


@ROUTES.get("/attempts/{attempt}/files")
def files(desk: DeskOf, attempt: AttemptOf) -> Response:
    """What was handed in."""
    return packed({}, desk.blobs, attempt.files)


@ROUTES.get("/attempts/{attempt}/result")
def result(desk: DeskOf, member: Member, attempt: AttemptOf) -> dict[str, Any]:
    """The result: all of it for staff, what is open for the student."""
    with desk.database.read() as connection:
        whole = graded.result_of(connection, attempt.id)
        seen = returned.seen(desk, connection, attempt, returned.opens_for(desk, connection, attempt))
    if whole is None or seen is None:
        raise Refused(409, "This attempt is not graded yet.", retry_after=2)
    shape: dict[str, Any] = json.loads((whole if member.staff else seen.result).to_json())
    return shape | {"closed": [] if member.staff else list(seen.closed)}


@ROUTES.get("/attempts/{attempt}/feedback")
def feedback(desk: DeskOf, attempt: AttemptOf) -> dict[str, Any]:
    """Feedback as HTML files, as its student may see it now."""
    with desk.database.read() as connection:
        own = overview(desk, connection, desk.course.unit(attempt.unit), attempt.student)
        pages = returned.feedback_of(desk, connection, own, attempt)
        line = next(line for line in own.lines if line.attempt.id == attempt.id)
        name = returned.name_of(desk, connection, own, line)
    listed = [{"path": path, "content": base64.b64encode(page).decode()} for path, page in pages.items()]
    return {"name": name, "files": listed}


@ROUTES.put("/attempts/{attempt}/feedback")
def upload_feedback(desk: DeskOf, member: HandingOut, attempt: AttemptOf, content: Body) -> dict[str, bool]:
    """Release nbgrader's feedback for an attempt."""
    returned.release_feedback(desk, attempt, parse_json(content, desk.limits))
    return {"ok": True}


@ROUTES.post("/attempts/{attempt}/hints/{task}")
def open_hint(desk: DeskOf, member: Member, attempt: AttemptOf, task: str) -> dict[str, Any]:
    """Open the explanation of one task for a token."""
    return {"tokens": deeds.open_task(desk, member, attempt, task)}


@ROUTES.post("/attempts/{attempt}/requeue")
def requeue(desk: DeskOf, member: Staff, attempt: AttemptOf) -> dict[str, bool]:
    """Queue one attempt again."""
    deeds.requeue(desk, attempt.id)
    return {"ok": True}


def _attempt_json(desk: Desk, attempt: Attempt, member: Caller) -> dict[str, Any]:
    with desk.database.read() as connection:
        view = overview(desk, connection, desk.course.unit(attempt.unit), attempt.student)
    line = next(line for line in view.lines if line.attempt.id == attempt.id)
    return _line_json(line, staff=member.staff) | {"record": mark_json(desk.course, view)}


def _lines(desk: Desk, connection: Connection, view: Overview) -> list[dict[str, Any]]:
    return [_line_json(line, returned.name_of(desk, connection, view, line)) for line in view.lines]


def _skew(desk: Desk, client_time: str | None) -> str:
    """A word where the client's clock is off; the server's time counts in any case."""
    moment = parse_time(client_time)
    if moment is None:
        return ""
    try:
        off: timedelta = moment - desk.now()
    except OverflowError:
        off = datetime.max - datetime.min
    if abs(off) <= SKEW:
        return ""
    amount = hints.duration(abs(off).total_seconds())
    way = "ahead" if off > timedelta() else "behind"
    return f"The clock of your computer is {amount} {way}. The exchange's own time counts."


def _released_json(desk: Desk, unit: Unit, released: Offered | None, member: Caller) -> dict[str, Any]:
    with desk.database.read() as connection:
        return _unit_json(connection, desk.course, unit, released, member)


def _unit_json(
    connection: Connection, course: Course, unit: Unit, released: Offered | None, member: Caller
) -> dict[str, Any]:
    """A unit with the caller's own date, and what is released of it."""
    return {
        "course": course.name,
        "unit": unit.name,
        "title": unit.title,
        **due_json(read_dates(connection, course, unit).due(member.name)),
        "released": None if released is None else released.moment,
        "version": None if released is None else released.version,
        "files": [] if released is None else _listed(released.files),
    }


def _line_json(line: Line, feedback: str | None = None, staff: bool = False) -> dict[str, Any]:
    """An attempt with its state; ``feedback`` names what could be fetched for it."""
    attempt, result = line.attempt, line.graded
    names = ("id", "unit", "student", "number", "received", "submitted", "origin")
    shape = {
        **{name: getattr(attempt, name) for name in names},
        "sha256": attempt.sha256,
        "size": attempt.size,
        "files": _listed(attempt.files),
        "state": line.state,
        "place": line.place,
        "counts": line.counts,
        "late_percent": line.late.percent,
        "score": None if result is None else result.score,
        "max_score": None if result is None else result.max_score,
        "bonus": None if result is None else result.bonus,
        "mark": line.mark,
        "out_of": line.worth.out_of if line.worth.sound else None,
        "on_top": line.worth.on_top if line.worth.sound else None,
        "graded": None if result is None else result.graded,
        "feedback": feedback,
    }
    return shape | ({"trouble": line.trouble} if staff else {})


def _listed(files: Iterable[StoredFile]) -> list[dict[str, Any]]:
    """Files without their contents."""
    return [asdict(file) for file in files]
