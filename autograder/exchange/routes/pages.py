"""The pages of students: units, attempts, results, receipts."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from ...marks import total_of
from ...marks.dates import closes
from ...pages.feedback import WORDS, task_cards
from .. import deeds
from ..service.checks import TokenChecks
from ..service.login import Sessions
from ..service.refusals import Refused
from ..service.session import (
    AttemptOf,
    FormOf,
    LoginSession,
    SessionOf,
    UnitOf,
    download,
    download_of,
    lab_of,
    of_hub,
    script_file,
)
from ..store import releases
from ..store.asking import LONGEST, SHORTEST, ask_again
from ..store.attempts import Attempt
from ..store.late_days import Agreed
from ..views import returned, words
from ..views.asked import TypedRequest, asked_by_name
from ..views.calendar import MEDIA_TYPE, calendar
from ..views.course import course_rows
from ..views.news import news, note_seen, read_seen
from ..views.overview import answers, comments_for, feedback_files, overview, overviews
from ..views.render import SCRIPT, TYPING_SCRIPT, stylesheet

ROUTES = APIRouter()


@ROUTES.get("/oauth_callback")
async def oauth_callback(request: Request) -> Response:
    """The browser comes back from the hub's login."""
    sessions: Sessions = request.app.state.sessions
    checks: TokenChecks = request.app.state.checks
    async with checks.stranger(request.client.host if request.client else ""):
        return await sessions.complete(request, request.app.state.oauth)


@ROUTES.get("/static/exchange.css")
def css() -> Response:
    """The style of all pages."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=600"})


@ROUTES.get("/static/exchange.js")
def script() -> Response:
    """Pages that wait look again by themselves."""
    return script_file(SCRIPT)


@ROUTES.get("/static/typing.js")
def typing_script() -> Response:
    """What is typed is not lost, on all pages."""
    return script_file(TYPING_SCRIPT)


@ROUTES.get("/")
def home(session: SessionOf) -> Response:
    """The course: its units in order, what is due, what counts, what is new."""
    desk, course, name = session.desk, session.desk.course, session.member.name
    with desk.database.read() as connection:
        rows = course_rows(desk, connection, name)
    marks = {row.view.unit.name: row.view.mark for row in rows}
    over = tuple(unit for unit, mark in marks.items() if closes(course, mark.due) < desk.now())
    total = total_of(course, marks, over)
    return session.page("exchange/home.html", rows=rows, now=desk.now(), total=total, lab=lab_of)


@ROUTES.get("/due-dates.ics")
def due_dates(session: SessionOf) -> Response:
    """The student's own due dates as a calendar file."""
    desk, name = session.desk, session.member.name
    with desk.database.read() as connection:
        made = releases.every(connection)
        views = [each for each in overviews(desk, connection, name) if each.unit.name in made]
    text = calendar(desk.course, views, desk.now())
    return download(text.encode(), f"{desk.course.name}.ics", MEDIA_TYPE)


@ROUTES.get("/units/{unit}")
def unit_page(session: SessionOf, unit: UnitOf) -> Response:
    """One unit: attempts, tokens, and the form to hand in."""
    desk, name = session.desk, session.member.name
    made = deeds.released(desk, unit)
    with desk.database.read() as connection:
        view = overview(desk, connection, unit, name)
        found = [each for each in news(view, made, read_seen(connection, name)) if each.on_unit]
    note_seen(desk, name, unit.name, found)
    return session.page(
        "exchange/unit.html",
        unit=unit,
        released=made,
        view=view,
        news=found,
        limits=desk.limits,
        warning=words.warning(desk.course, view.mark.due, desk.now()),
        live=not view.settled,
        lab=lab_of(unit),
    )


@ROUTES.get("/units/{unit}/late-day")
def late_day_page(session: SessionOf, unit: UnitOf) -> Response:
    """What spending a late day would mean; nothing is spent yet."""
    deeds.released(session.desk, unit)
    with session.desk.database.read() as connection:
        view = overview(session.desk, connection, unit, session.member.name)
    if view.late_days is None:
        raise Refused(404, f"{session.desk.course.title} has no late days.")
    return session.page("exchange/late_day.html", unit=unit, days=view.late_days)


@ROUTES.post("/units/{unit}/late-day")
def spend_late_day(session: SessionOf, unit: UnitOf, form: FormOf) -> Response:
    """Spend the late day that was agreed to."""
    agreed = Agreed(str(form.get("until")))
    deeds.spend_late_day(session.desk, session.member, unit, session.member.name, agreed)
    return session.go(f"units/{unit.name}")


@ROUTES.get("/units/{unit}/files/{path:path}")
def released_file(session: SessionOf, unit: UnitOf, path: str) -> Response:
    """One released file, to work on it elsewhere."""
    with session.desk.database.read() as connection:
        made = releases.find(connection, unit.name)
    for file in made.files if made is not None else ():
        if file.path == path:
            return download_of(session.desk.blobs, file)
    raise Refused(404, "There is no such file in this unit.")


@ROUTES.get("/attempts/{attempt}")
def attempt_page(session: SessionOf, attempt: AttemptOf) -> Response:
    """One attempt: place in line, then the verdict of each task."""
    return _shown(session, attempt)


@ROUTES.post("/attempts/{attempt}/look-again")
def look_again(session: SessionOf, attempt: AttemptOf, form: FormOf) -> Response:
    """Ask a person to look at a check or a written answer again; what was typed stays where it is refused."""
    typed = TypedRequest(*(str(form.get(field) or "") for field in ("name", "check", "why")))
    if attempt.student != session.member.name:
        raise Refused(403, "Only the student who handed this in can ask for another look at it.")
    try:
        ask_again(session.desk, attempt, typed.name, typed.check, typed.why)
    except Refused as error:
        if error.status not in (422, 429):
            raise
        return _shown(session, attempt, error.status, replace(typed, trouble=str(error)))
    return session.go(f"attempts/{attempt.id}#again-{typed.name}")


def _shown(
    session: LoginSession, attempt: Attempt, status: int = 200, typed: TypedRequest | None = None
) -> Response:
    desk, unit = session.desk, session.desk.course.unit(attempt.unit)
    with desk.database.read() as connection:
        view = overview(desk, connection, unit, attempt.student)
        seen = returned.seen(desk, connection, attempt, view.opens)
        marked = feedback_files(connection, attempt.id)
        asked = asked_by_name(connection, attempt)
        found = [
            n for n in news(view, None, read_seen(connection, attempt.student)) if n.attempt == attempt.id
        ]
        line = next(line for line in view.lines if line.attempt.id == attempt.id)
        comments = comments_for(connection, line)
    own = attempt.student == session.member.name
    if own:
        note_seen(desk, attempt.student, attempt.id, found)
    waiting = line.state in ("waiting", "grading")
    cards = task_cards(seen.result.checks) if seen is not None and not waiting else []
    return session.page(
        "exchange/attempt.html",
        status,
        unit=unit,
        view=view,
        line=line,
        seen=None if waiting else seen,
        cards=cards,
        answers=() if waiting else answers(unit, line),
        marked=marked,
        comments=comments,
        words=WORDS,
        by_hand={name: words.given(line.worth, name) for name in line.worth.cells},
        own=own,
        live=waiting,
        asked=asked,
        typed=typed or TypedRequest(),
        lengths=(SHORTEST, LONGEST),
    )


@ROUTES.get("/attempts/{attempt}/feedback/{name}.html")
def staff_feedback(session: SessionOf, attempt: AttemptOf, name: str) -> Response:
    """The page that staff released, with a person's points and comments."""
    with session.desk.database.read() as connection:
        marked = feedback_files(connection, attempt.id)
    if name not in marked:
        raise Refused(404, "There is no such feedback for this attempt.")
    return download(session.desk.blobs.get(marked[name]), f"feedback-{name}-{attempt.number}.html")


@ROUTES.post("/attempts/{attempt}/hints")
def open_hint(session: SessionOf, attempt: AttemptOf, form: FormOf) -> Response:
    """Open one explanation for a token."""
    deeds.open_task(session.desk, session.member, attempt, str(form.get("task")))
    return session.go(f"attempts/{attempt.id}#task-{form.get('task')}")


@ROUTES.get("/attempts/{attempt}/receipt.txt")
def receipt(attempt: AttemptOf) -> Response:
    """The receipt as a file."""
    return download(deeds.receipt(attempt).encode() + b"\n", f"receipt-{attempt.unit}-{attempt.number}.txt")


@ROUTES.get("/attempts/{attempt}/files/{path:path}")
def handed_in(session: SessionOf, attempt: AttemptOf, path: str) -> Response:
    """One file that was handed in; always as a download, since a student wrote it."""
    for file in attempt.files:
        if file.path == path:
            return download_of(session.desk.blobs, file)
    raise Refused(404, "There is no such file in this attempt.")


@ROUTES.post("/logout")
def logout(session: SessionOf, form: FormOf) -> Response:
    """Forget this browser here, and log out at the hub, which ends all that the person is logged in with."""
    return session.sessions.end(RedirectResponse(of_hub("hub/logout"), status_code=303))
