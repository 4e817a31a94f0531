"""The pages of students: units, attempts, results, receipts."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from ...pages.feedback import WORDS, task_cards
from .. import deeds
from ..service.login import Sessions
from ..service.refusals import Refused
from ..service.session import AttemptOf, FormOf, SessionOf, UnitOf, download, of_hub
from ..store import releases
from ..views import returned
from ..views.overview import answers, feedback_files, overview
from ..views.render import SCRIPT, stylesheet

ROUTES = APIRouter()


@ROUTES.get("/oauth_callback")
async def oauth_callback(request: Request) -> Response:
    """The browser comes back from the hub's login."""
    sessions: Sessions = request.app.state.sessions
    return await sessions.complete(request, request.app.state.oauth)


@ROUTES.get("/static/exchange.css")
def css() -> Response:
    """The style of all pages."""
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=600"})


@ROUTES.get("/static/exchange.js")
def script() -> Response:
    """The one script: pages that wait look again by themselves."""
    text = SCRIPT.read_text(encoding="utf-8")
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "max-age=600"})


@ROUTES.get("/")
def home(session: SessionOf) -> Response:
    """The units: what is due, what was handed in, what counts."""
    desk, name = session.desk, session.member.name
    with desk.database.read() as connection:
        rows = [
            (unit, releases.find(connection, unit.name), overview(desk, connection, unit, name))
            for unit in desk.course.units
        ]
    return session.page("exchange/home.html", rows=[row for row in rows if row[1]], now=desk.now())


@ROUTES.get("/units/{unit}")
def unit_page(session: SessionOf, unit: UnitOf) -> Response:
    """One unit: attempts, tokens, and the form to hand in."""
    made = deeds.released(session.desk, unit)
    with session.desk.database.read() as connection:
        view = overview(session.desk, connection, unit, session.member.name)
    return session.page(
        "exchange/unit.html",
        unit=unit,
        released=made,
        view=view,
        limits=session.desk.limits,
        python=session.desk.course.python,
        live=not view.settled,
    )


@ROUTES.get("/units/{unit}/files/{path:path}")
def released_file(session: SessionOf, unit: UnitOf, path: str) -> Response:
    """One released file, to work on it elsewhere."""
    with session.desk.database.read() as connection:
        made = releases.find(connection, unit.name)
    for file in made.files if made is not None else ():
        if file.path == path:
            return download(session.desk.blobs.get(file.sha256), path)
    raise Refused(404, "There is no such file in this unit.")


@ROUTES.get("/attempts/{attempt}")
def attempt_page(session: SessionOf, attempt: AttemptOf) -> Response:
    """One attempt: place in line, then the verdict of each task."""
    desk, unit = session.desk, session.desk.course.unit(attempt.unit)
    with desk.database.read() as connection:
        view = overview(desk, connection, unit, attempt.student)
        seen = returned.seen(desk, connection, attempt)
        marked = feedback_files(connection, attempt.id)
    line = next(line for line in view.lines if line.attempt.id == attempt.id)
    waiting = line.state in ("waiting", "grading")
    cards = task_cards(seen.result.checks) if seen is not None and not waiting else []
    return session.page(
        "exchange/attempt.html",
        unit=unit,
        view=view,
        line=line,
        seen=None if waiting else seen,
        cards=cards,
        answers=() if waiting else answers(desk, unit, attempt),
        marked=marked,
        words=WORDS,
        own=attempt.student == session.member.name,
        live=waiting,
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
    return download(attempt.receipt.encode() + b"\n", f"receipt-{attempt.unit}-{attempt.number}.txt")


@ROUTES.get("/attempts/{attempt}/files/{path:path}")
def handed_in(session: SessionOf, attempt: AttemptOf, path: str) -> Response:
    """One file that was handed in; always as a download, since a student wrote it."""
    for file in attempt.files:
        if file.path == path:
            return download(session.desk.blobs.get(file.sha256), path)
    raise Refused(404, "There is no such file in this attempt.")


@ROUTES.post("/logout")
def logout(session: SessionOf, form: FormOf) -> Response:
    """Forget this browser here; the hub keeps its own login."""
    return session.sessions.end(RedirectResponse(of_hub("hub/home"), status_code=303))
