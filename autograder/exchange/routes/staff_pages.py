"""The pages of the staff: results as they come in, and what needs a look."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ...course import Course, Unit
from ...notebook import read_questions
from ...unit.master import read_master
from .. import deeds
from ..service.refusals import Refused
from ..service.session import FormOf, StaffOf, UnitOf, of_hub
from ..store import queue, releases
from ..views.overview import everyone

ROUTES = APIRouter()


@ROUTES.get("/staff")
def staff_home(session: StaffOf) -> Response:
    """All units for staff."""
    with session.desk.database.read() as connection:
        rows = [
            (unit, releases.find(connection, unit.name), everyone(session.desk, connection, unit))
            for unit in session.desk.course.units
        ]
        waiting, troubled = queue.length(connection), queue.troubled(connection)
    return session.page("exchange/staff.html", rows=rows, waiting=waiting, troubled=troubled, live=True)


@ROUTES.get("/staff/{unit}")
def staff_unit(session: StaffOf, unit: UnitOf) -> Response:
    """All students of a unit, as the results come in."""
    with session.desk.database.read() as connection:
        views = everyone(session.desk, connection, unit)
        waiting = queue.length(connection)
    return session.page(
        "exchange/staff_unit.html",
        unit=unit,
        views=views,
        waiting=waiting,
        questions=read_questions(unit.released_notebook),
        formgrader=_formgrader(session.desk.course, unit),
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


@ROUTES.post("/staff/{unit}/requeue")
def requeue(session: StaffOf, unit: UnitOf, form: FormOf) -> Response:
    """Queue what has no score again, or one attempt."""
    if form.get("attempt"):
        deeds.requeue(session.desk, str(form.get("attempt")))
    else:
        deeds.requeue_unit(session.desk, unit)
    return session.go(f"staff/{unit.name}")


def _formgrader(course: Course, unit: Unit) -> str:
    """Where formgrader lists the submissions of a unit."""
    return of_hub(f"services/{course.name}/formgrader/gradebook/{unit.name}/{unit.name}")
