"""Marking: one written question across all students, by several people at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.responses import Response

from ...course import Unit
from ...marks import handed_out, read_dates, requests
from ...marks.exceptions import Deed
from ...marks.rubric import MOST
from ...notebook import Question, read_questions
from .. import giving, wording
from ..service.refusals import Refused
from ..service.session import FormOf, HandOutOf, LoginSession, StaffOf, UnitOf, script_file
from ..store import attempts, in_hand
from ..store.desk import stamp
from ..views.answer_text import answer_text, get_ready, task_of
from ..views.known_piles import KnownPiles
from ..views.pile import Pile, PiledAnswer
from ..views.progress import progress_of
from ..views.render import MARKING_SCRIPT
from ..views.sheet import Sheet, sheet_of
from ..wording import TypedItem

ROUTES = APIRouter(prefix="/marking")
HIDDEN = "hidden"  # of ``names`` in an address: students are shown as "answer 17"
NOTHING = TypedItem("", "")
NOT_HERE = (
    "There is no answer of this attempt to mark: another attempt counts now, or it was left as it came. "
    "What has points keeps them."
)


@dataclass(frozen=True)
class Came:
    """From where somebody came to the rubric: an answer, with or without names."""

    attempt: str
    names: str


def _question(unit: UnitOf, question: str) -> Question:
    found = next((each for each in read_questions(unit.released_notebook) if each.name == question), None)
    if found is None:
        raise Refused(404, f"{unit.title} has no written question of that name.")
    return found


QuestionOf = Annotated[Question, Depends(_question)]


@ROUTES.get("/marking.js")
def script() -> Response:
    """Keys, and what was typed: for the page of an answer."""
    return script_file(MARKING_SCRIPT)


@ROUTES.get("")
def marking_home(session: StaffOf) -> Response:
    """All written questions: how many answers wait, how many have points, and by whom."""
    desk = session.desk
    get_ready()
    with desk.database.read() as connection:
        rows = progress_of(connection, desk.course, _known(session), desk.seconds())
        asked = sum(requests.how_many_wait(connection).values())
        new = handed_out.not_yet(connection)
    comments = [(unit, new[unit.name]) for unit in desk.course.units if unit.name in new]
    return session.page("exchange/marking_home.html", rows=rows, requests=asked, comments=comments)


@ROUTES.post("/{unit}/hand-out")
def hand_out(session: HandOutOf, unit: UnitOf, form: FormOf) -> Response:
    """Let students read the comments of a unit that are there now."""
    desk = session.desk
    with desk.database.write() as connection:
        handed_out.hand_out(connection, unit.name, Deed(session.member.name, stamp(desk.now())))
    return session.go("marking")


@ROUTES.get("/{unit}/{question}")
def next_answer(
    session: StaffOf, unit: UnitOf, question: QuestionOf, after: str = "", names: str = ""
) -> Response:
    """The next answer that waits and that nobody else has before them."""
    desk, me = session.desk, session.member.name
    with desk.database.read() as connection:
        pile = _pile(session, connection, unit, question)
    with desk.database.write() as connection:
        wanted = pile.to_mark(after)
        attempt = in_hand.take(connection, question.name, wanted, me, desk.seconds())
        held = in_hand.held(connection, desk.seconds(), question.name)
    if attempt is not None:
        return session.go(_address(unit, question, attempt, names))
    others = sorted({who for (held_one, _), who in held.items() if held_one in wanted})
    return session.page(
        "exchange/marking_done.html", unit=unit, pile=pile, others=others, hidden=names == HIDDEN
    )


@ROUTES.get("/{unit}/{question}/items")
def items_page(
    session: StaffOf, unit: UnitOf, question: QuestionOf, back: str = "", names: str = ""
) -> Response:
    """The rubric of a question, to be changed."""
    return _items(session, unit, question, Came(back, names))


@ROUTES.post("/{unit}/{question}/items")
def change_items(session: StaffOf, unit: UnitOf, question: QuestionOf, form: FormOf) -> Response:
    """Make, change or withdraw an item, or give it again to the answers that have it."""
    item, what, desk, me = _text(form, "item"), _text(form, "go"), session.desk, session.member.name
    typed, said = TypedItem(_text(form, "text"), _text(form, "points")), ""
    came = Came(_text(form, "back"), _text(form, "names"))
    try:
        if what == "withdraw":
            wording.withdraw(desk, unit, question, item, me)
        elif what == "again":
            said = _again(*wording.give_again(desk, unit, question, item, me))
        elif item:
            wording.change(desk, unit, question, item, typed, me)
        else:
            with desk.database.write() as connection:
                wording.make(connection, unit, question, typed, Deed(me, stamp(desk.now())))
    except wording.UnfitItem as error:
        return _items(session, unit, question, came, str(error), typed, item)
    return _items(session, unit, question, came, said)


@ROUTES.get("/{unit}/{question}/{attempt}")
def answer_page(
    session: StaffOf, unit: UnitOf, question: QuestionOf, attempt: str, names: str = ""
) -> Response:
    """One answer, with what was asked beside it, and the form for points and a comment."""
    return _page(session, unit, question, attempt, names)


@ROUTES.post("/{unit}/{question}/{attempt}")
def save(session: StaffOf, unit: UnitOf, question: QuestionOf, attempt: str, form: FormOf) -> Response:
    """Store points and comment; where that is refused the page comes back with what was typed."""
    names, typed = _text(form, "names"), _typed(form)
    new = TypedItem(_text(form, "new_text"), _text(form, "new_points"))
    with session.desk.database.read() as connection:
        pile = _pile(session, connection, unit, question)
    answer = pile.find(attempt)
    if answer is None:
        return _gone(session, unit, pile, attempt, names, typed, new)
    made = new if new.text.strip() else None
    try:
        giving.give(session.desk, unit, question, answer.attempt, typed, session.member.name, made)
    except (giving.Unsaved, wording.UnfitItem) as error:
        return _page(session, unit, question, attempt, names, typed, str(error), new)
    if form.get("go") == "next":
        after = f"after={attempt}" + (f"&names={HIDDEN}" if names == HIDDEN else "")
        return session.go(f"marking/{unit.name}/{question.name}?{after}")
    return session.go(_address(unit, question, attempt, names))


@ROUTES.post("/{unit}/{question}/{attempt}/hold")
def hold(session: StaffOf, unit: UnitOf, question: QuestionOf, attempt: str, form: FormOf) -> Response:
    """Say that one is still here; the page's script does so."""
    desk = session.desk
    with desk.database.read() as connection:
        there = _pile(session, connection, unit, question).find(attempt)
    if there is None:
        raise Refused(404, NOT_HERE)
    return Response(status_code=409 if _holder(session, there) else 204)


def _page(
    session: LoginSession,
    unit: Unit,
    question: Question,
    attempt: str,
    names: str,
    typed: giving.Typed | None = None,
    problem: str = "",
    new: TypedItem = NOTHING,
) -> Response:
    desk = session.desk
    with desk.database.read() as connection:
        pile = _pile(session, connection, unit, question)
        zone = read_dates(connection, desk.course, unit).due("").moment
        sheet = sheet_of(connection, unit, question.name)
    answer = pile.find(attempt)
    if answer is None:
        return _gone(session, unit, pile, attempt, names)
    most = desk.course.limits_of(unit).notebook_mib
    before, behind = pile.beside(answer)
    return session.page(
        "exchange/marking.html",
        status=409 if problem else 200,
        unit=unit,
        pile=pile,
        answer=answer,
        text=answer_text(desk.blobs, unit, answer.attempt, question.name, most),
        asked=task_of(unit, question.name),
        holder=_holder(session, answer),
        typed=typed or _as_given(answer, sheet),
        new=new,
        sheet=sheet,
        problem=problem,
        hidden=names == HIDDEN,
        before=before,
        behind=behind,
        zone=zone,
    )


def _gone(
    session: LoginSession,
    unit: Unit,
    pile: Pile,
    attempt: str,
    names: str,
    typed: giving.Typed | None = None,
    new: TypedItem = NOTHING,
) -> Response:
    """Where an answer is not marked any more: what was typed, and the way to the one that counts."""
    with session.desk.database.read() as connection:
        student = attempts.find(connection, attempt).student
    return session.page(
        "exchange/marking_gone.html",
        status=404 if typed is None else 409,
        unit=unit,
        pile=pile,
        why=NOT_HERE,
        typed=typed,
        new=new,
        instead=pile.of(student),
        hidden=names == HIDDEN,
    )


def _known(session: LoginSession) -> KnownPiles:
    found: KnownPiles = session.request.app.state.piles
    return found


def _pile(session: LoginSession, connection: Connection, unit: Unit, question: Question) -> Pile:
    return _known(session).of(connection, session.desk.course, unit, question)


def _holder(session: LoginSession, answer: PiledAnswer) -> str:
    """Take the answer in hand; who else has it, "" where nobody does."""
    desk, name = session.desk, answer.question.name
    with desk.database.write() as connection:
        one = [answer.attempt.id]
        if in_hand.take(connection, name, one, session.member.name, desk.seconds()) is not None:
            return ""
        return in_hand.held(connection, desk.seconds(), name)[answer.attempt.id, name]


def _as_given(answer: PiledAnswer, sheet: Sheet) -> giving.Typed:
    """What the fields hold at first."""
    given, said = answer.given, answer.said
    points = "" if given is None or given.points is None else f"{given.points:g}"
    items = tuple(each.item for each in sheet.ticked(answer))
    return giving.Typed(points, "" if said is None else said.comment, answer.last, answer.digest, items)


def _items(
    session: LoginSession,
    unit: Unit,
    question: Question,
    came: Came,
    said: str = "",
    typed: TypedItem = NOTHING,
    wrong: str | None = None,
) -> Response:
    """The page of the rubric; ``wrong`` is the item whose fields hold what was typed."""
    with session.desk.database.read() as connection:
        pile = _pile(session, connection, unit, question)
        sheet = sheet_of(connection, unit, question.name)
    return session.page(
        "exchange/marking_items.html",
        status=200 if wrong is None else 409,
        unit=unit,
        pile=pile,
        sheet=sheet,
        uses=sheet.uses(pile.answers),
        back=pile.find(came.attempt),
        hidden=came.names == HIDDEN,
        said=said,
        typed=typed,
        wrong=wrong,
        most=MOST,
    )


def _again(changed: int, stayed: int) -> str:
    kept = f" Of {stayed} the points stayed, since a person had set them otherwise." if stayed else ""
    return f"{changed} answer{'' if changed == 1 else 's'} changed.{kept}"


def _typed(form: FormData) -> giving.Typed:
    last = _text(form, "last")
    number = int(last) if last.isdecimal() and len(last) < 10 else -1
    ticked = tuple(item for item in form.getlist("items") if isinstance(item, str))
    return giving.Typed(_text(form, "points"), _text(form, "comment"), number, _text(form, "answer"), ticked)


def _text(form: FormData, name: str) -> str:
    found = form.get(name)
    return found if isinstance(found, str) else ""


def _address(unit: Unit, question: Question, attempt: str, names: str) -> str:
    shown = f"?names={HIDDEN}" if names == HIDDEN else ""
    return f"marking/{unit.name}/{question.name}/{attempt}{shown}"
