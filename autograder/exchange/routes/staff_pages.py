"""The pages of the staff: results as they come in, and what needs a look."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from ...base.text import SHORT, plain
from ...course import Course, Unit
from ...marks import read_dates
from ...marks.dates import unit_due
from ...marks.exceptions import ALL
from ...notebook import read_questions
from ...pages.figures import named_histogram
from ...pages.report import FEW, NAMES, PATTERNS, evaluate_facts, task_rows
from ...unit.master import read_master
from .. import deeds
from ..service.refusals import Refused
from ..service.rights import MANAGING, who_may
from ..service.session import (
    ExtendOf,
    FormOf,
    LoginSession,
    StaffOf,
    UnitOf,
    of_hub,
)
from ..store import answering, extensions, queue, releases
from ..store.extensions import Extension
from ..store.late_days import Agreed
from ..store.tally import Tally, tallies
from ..views.class_list import ListWanted, class_list, members_of
from ..views.for_staff import by_hand_rows, exemption_rows
from ..views.known_facts import KnownFacts
from ..views.one_student import one_student
from ..views.render import lines_in

ROUTES = APIRouter()
FIELDS = ("whom", "student", "kind", "value", "why")  # of the form for more time


@ROUTES.get("/staff")
def staff_home(session: StaffOf) -> Response:
    """All units for staff, in numbers."""
    course = session.desk.course
    members, trouble = members_of(course)
    with session.desk.database.read() as connection:
        counted, made = tallies(connection), releases.every(connection)
        rows = [
            (unit, unit_due(course, unit), made.get(unit.name), counted.get(unit.name, Tally()))
            for unit in course.units
        ]
        waiting, troubled = queue.length(connection), queue.troubled(connection)
    return session.page(
        "exchange/staff.html",
        rows=rows,
        enrolled=sum(not member.is_staff for member in members.values()),
        trouble=trouble,
        waiting=waiting,
        troubled=troubled,
        live=True,
    )


@ROUTES.get("/staff/{unit}")
def staff_unit(session: StaffOf, unit: UnitOf) -> Response:
    """The class at a unit, as the results come in."""
    course, wanted = session.desk.course, ListWanted.of(session.request.query_params)
    with session.desk.database.read() as connection:
        facts = known_facts(session).of(connection, course, unit)
        roll = class_list(session.desk, connection, facts, wanted)
        waiting = queue.length(connection)
    shown = [row.view.mark for row in roll.rows]
    return session.page(
        "exchange/staff_unit.html",
        unit=unit,
        roll=roll,
        due=facts.due("").moment,
        exemptions=exemption_rows(facts, {mark.student for mark in shown}),
        after=max((each.id for each in facts.exemptions), default=0),
        by_hand=by_hand_rows(shown),
        waiting=waiting,
        left=lines_in((row.view for row in roll.everybody), "broken", "troubled"),
        questions=read_questions(unit.released_notebook),
        formgrader=_formgrader(course, unit),
        manages=session.member.may(*MANAGING),
        whom="" if session.member.instructor else who_may(course),
        live=True,
    )


@ROUTES.get("/staff/{unit}/guide")
def marking_guide(session: StaffOf, unit: UnitOf) -> Response:
    """What a person gives the points of the written answers for."""
    asked = read_questions(unit.released_notebook)
    if not asked:
        raise Refused(404, f"{unit.title} has no written answer.")
    return session.page(
        "exchange/guide.html",
        unit=unit,
        questions=asked,
        guides=read_master(unit.master, unit.name).guides,
        formgrader=_formgrader(session.desk.course, unit),
    )


@ROUTES.get("/students/{student:path}")
def student_page(session: StaffOf, student: str) -> Response:
    """One student over all units."""
    with session.desk.database.read() as connection:
        found = one_student(session.desk, connection, student)
    if found is None:
        raise Refused(404, "There is nobody of that name on the roster, and no attempt.")
    return session.page("exchange/student.html", one=found)


@ROUTES.post("/staff/{unit}/requeue")
def requeue(session: StaffOf, unit: UnitOf, form: FormOf) -> Response:
    """Queue what has no score again, or one attempt."""
    if form.get("attempt"):
        deeds.requeue(session.desk, str(form.get("attempt")))
    else:
        deeds.requeue_unit(session.desk, unit)
    return session.go(f"staff/{unit.name}")


@ROUTES.post("/staff/{unit}/late-day")
def late_day(session: ExtendOf, unit: UnitOf, form: FormOf) -> Response:
    """Spend a late day for a student."""
    student, agreed = str(form.get("student") or "").strip(), Agreed(after=_number(form.get("after")))
    deeds.spend_late_day(session.desk, session.member, unit, student, agreed, _why(form))
    return session.go(f"staff/{unit.name}")


@ROUTES.post("/staff/{unit}/take-back")
def take_back(session: ExtendOf, unit: UnitOf, form: FormOf) -> Response:
    """Lift an exception from the due date."""
    extensions.take_back(session.desk, unit, _number(form.get("back")), session.member.name, _why(form))
    return session.go(f"staff/{unit.name}")


@ROUTES.get("/staff/{unit}/extend")
def extend_page(session: ExtendOf, unit: UnitOf, student: str = "") -> Response:
    """The form for more time."""
    return _extend_form(session, unit, {"student": student[:255]})


@ROUTES.post("/staff/{unit}/extend")
def extend(session: ExtendOf, unit: UnitOf, form: FormOf) -> Response:
    """What more time would change; with ``sure`` it is given. What is refused comes back as it was typed."""
    desk = session.desk
    typed = {name: str(form.get(name) or "").strip() for name in FIELDS}
    typed["why"] = _why(form)
    if form.get("go") == "change":
        return _extend_form(session, unit, typed)
    try:
        wanted = extensions.checked(desk, unit, _wanted(typed, _number(form.get("after"))))
    except Refused as error:
        return _extend_form(session, unit, typed, error)
    if form.get("sure"):
        extensions.extend(desk, unit, wanted, session.member.name)
        return session.go(f"staff/{unit.name}")
    found = extensions.outlook(desk, unit, wanted)
    return session.page("exchange/extend.html", unit=unit, due=unit_due(desk.course, unit), outlook=found)


@ROUTES.get("/staff/{unit}/report")
def report_page(session: StaffOf, unit: UnitOf, sent: int | None = None) -> Response:
    """The class report, by the marks of record."""
    course = session.desk.course
    with session.desk.database.read() as connection:
        facts = known_facts(session).of(connection, course, unit)
        report = evaluate_facts(facts, connection)
    bins = named_histogram(report.points, report.out_of) if report.points else []
    return session.page(
        "exchange/report.html",
        unit=unit,
        report=report,
        sent=sent,
        bins=bins,
        most_in_bin=max((count for _, count in bins), default=1),
        tasks=task_rows(report.results),
        answered=answering.answered,
        names=NAMES,
        most=PATTERNS,
        few=FEW,
    )


@ROUTES.post("/staff/{unit}/report")
def answer_all(session: StaffOf, unit: UnitOf, form: FormOf) -> Response:
    """One comment for all who share a mistake."""
    text = plain(str(form.get("text") or "").replace("\r\n", "\n").strip(), answering.LETTERS)
    key, who = str(form.get("key")), session.member.name
    count = answering.answer_all(session.desk, unit, key, text, who)
    return session.go(f"staff/{unit.name}/report?sent={count}")


def _wanted(typed: Mapping[str, str], after: int) -> Extension:
    everybody = typed["whom"] == "all"
    if not everybody and not typed["student"]:
        raise Refused(422, "Name a student, or choose everybody. Nothing was changed.")
    student = ALL if everybody else typed["student"]
    return Extension(student, typed["kind"], typed["value"], typed["why"], after)


def _extend_form(
    session: LoginSession, unit: Unit, typed: Mapping[str, str], problem: Refused | None = None
) -> Response:
    with session.desk.database.read() as connection:
        facts = read_dates(connection, session.desk.course, unit)
    members, _ = members_of(session.desk.course)
    return session.page(
        "exchange/extend.html",
        status=problem.status if problem else 200,
        unit=unit,
        due=facts.due("").moment,
        typed={**dict.fromkeys(FIELDS, ""), **typed},
        problem=problem,
        students=[name for name, member in members.items() if not member.is_staff],
        after=max((each.id for each in facts.exemptions), default=0),
        outlook=None,
    )


def known_facts(session: LoginSession) -> KnownFacts:
    """What this process knows of the units."""
    found: KnownFacts = session.request.app.state.facts
    return found


def _why(form: FormData) -> str:
    """The reason in a form, for staff only."""
    return plain(str(form.get("why") or "").strip(), SHORT)


def _number(text: object) -> int:
    """0, which no exception has, for what is none."""
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else 0


def _formgrader(course: Course, unit: Unit) -> str:
    """Where formgrader lists the submissions of a unit."""
    return of_hub(f"services/{course.name}/formgrader/gradebook/{unit.name}/{unit.name}")
