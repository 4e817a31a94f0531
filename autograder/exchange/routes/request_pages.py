"""Requests to look again: those that wait, and the form that answers one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ...base.text import plain
from ...marks import read_dates
from ...pages.feedback import WORDS
from .. import answering
from ..answering import TypedReply
from ..service.session import FormOf, LoginSession, StaffOf
from ..views.answer_text import answer_text

ROUTES = APIRouter(prefix="/marking/requests")
SHOWN = 200  # of those that wait; the oldest first


@ROUTES.get("")
def waiting(session: StaffOf, student: str = "") -> Response:
    """What students, or one of them, ask a person to look at again; first what the reader may answer."""
    desk, me = session.desk, session.member.name
    units = {unit.name: unit for unit in desk.course.units}
    with desk.database.read() as connection:
        rows = answering.to_answer(connection, units)
        rows = [row for row in rows if student in ("", row[0].student)]
        rows.sort(key=lambda row: me in row[1])
        zone = read_dates(connection, desk.course, desk.course.units[0]).due("").moment
    return session.page(
        "exchange/requests.html",
        rows=rows[:SHOWN],
        more=len(rows[SHOWN:]),
        units=units,
        student=student,
        zone=zone,
    )


@ROUTES.get("/{number}")
def request_page(session: StaffOf, number: int) -> Response:
    """One request, what it is about, and the form to answer."""
    return _page(session, number)


@ROUTES.post("/{number}")
def answer(session: StaffOf, number: int, form: FormOf) -> Response:
    """Answer it; where that is refused the page comes back with what was typed."""
    last = str(form.get("last") or "")
    number_of_last = int(last) if last.isdecimal() and len(last) < 10 else -1
    typed = TypedReply(str(form.get("text") or ""), str(form.get("points") or ""), number_of_last)
    try:
        answering.reply(session.desk, number, typed, session.member)
    except answering.NotAnswered as error:
        return _page(session, number, typed, str(error))
    return session.go("marking/requests")


def _page(session: LoginSession, number: int, typed: TypedReply | None = None, problem: str = "") -> Response:
    desk = session.desk
    with desk.database.read() as connection:
        matter = answering.matter_of(desk, connection, number)
        zone = read_dates(connection, desk.course, matter.unit).due("").moment
    most = desk.course.limits_of(matter.unit).notebook_mib
    name, attempt = matter.request.name, matter.mark.attempt
    return session.page(
        "exchange/request.html",
        status=409 if problem else 200,
        matter=matter,
        why=plain(matter.request.why),
        text=answer_text(desk.blobs, matter.unit, attempt, name, most) if matter.written else None,
        typed=typed or TypedReply(),
        problem=problem,
        barrier=matter.barrier(session.member),
        barred=matter.barrier(session.member) == answering.MINE,
        words=WORDS,
        zone=zone,
    )
