"""What is done with a unit as a whole: released, graded anew, collected, exported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse

from ...export.grades import FORMATS
from ...marks import read_facts
from ...marks.dates import unit_due
from .. import deeds
from ..grading.preview import Previews
from ..service.collected import as_zip, to_collect
from ..service.refusals import Refused
from ..service.rights import RELEASE
from ..service.session import (
    ExportOf,
    FormOf,
    RegradeOf,
    ReleaseOf,
    StaffOf,
    UnitOf,
    as_file,
    download,
)
from ..store import releases, releasing
from ..store.tally import Tally, tallies

ROUTES = APIRouter()
PREVIEWED = 500  # marks of a preview that are listed


def _previews(session: StaffOf) -> Previews:
    found: Previews = session.request.app.state.previews
    return found


PreviewsOf = Annotated[Previews, Depends(_previews)]


@ROUTES.get("/staff/{unit}/manage")
def manage(session: StaffOf, unit: UnitOf, previews: PreviewsOf) -> Response:
    """What is done with a unit as a whole."""
    course, preview = session.desk.course, previews.last(unit)
    with session.desk.database.read() as connection:
        released, counted = releases.find(connection, unit.name), tallies(connection)
    return session.page(
        "exchange/manage.html",
        unit=unit,
        due=unit_due(course, unit),
        released=released,
        built=releasing.built_version(unit),
        unproven=releasing.unproven(course, unit) if session.member.may(RELEASE) else "",
        tally=counted.get(unit.name, Tally()),
        preview=preview,
        most=PREVIEWED,
        styles=FORMATS,
        live=preview is not None and preview.runs,
    )


@ROUTES.post("/staff/{unit}/release")
def release(session: ReleaseOf, unit: UnitOf, form: FormOf) -> Response:
    """Release what is built here, as ``course release`` does."""
    releasing.release_built(
        session.desk, unit, str(form.get("version")), session.member.name, bool(form.get("unproven"))
    )
    return session.go(f"staff/{unit.name}/manage")


@ROUTES.post("/staff/{unit}/preview")
def preview(session: RegradeOf, unit: UnitOf, previews: PreviewsOf, form: FormOf) -> Response:
    """Begin to find out what a regrade would change; nothing is changed by that."""
    previews.begin(session.desk, unit, session.member.name)
    return session.go(f"staff/{unit.name}/manage#regrade")


@ROUTES.post("/staff/{unit}/regrade")
def regrade(session: RegradeOf, unit: UnitOf, previews: PreviewsOf, form: FormOf) -> Response:
    """Queue all attempts at a unit, after a look at what that would change."""
    previews.demand(unit, str(form.get("preview")))
    deeds.regrade_unit(session.desk, unit, session.member)
    return session.go(f"staff/{unit.name}")


@ROUTES.get("/staff/{unit}/collect")
def collect(session: StaffOf, unit: UnitOf) -> Response:
    """The files of all attempts that count, as an archive in nbgrader's layout."""
    with session.desk.database.read() as connection:
        chosen = to_collect(read_facts(connection, session.desk.course, unit))
    if not chosen:
        raise Refused(404, f"Nobody has handed in {unit.title} yet.")
    pieces = as_zip(session.desk.blobs, unit.name, chosen)
    return StreamingResponse(
        pieces, media_type="application/zip", headers=as_file(f"{unit.name}-submitted.zip")
    )


@ROUTES.post("/staff/{unit}/export")
def export(session: ExportOf, unit: UnitOf, form: FormOf) -> Response:
    """The marks of record as a table; who downloads it shows them."""
    style = str(form.get("style"))
    if style not in FORMATS:
        raise Refused(422, f"Expected one of {', '.join(FORMATS)}.")
    table = deeds.exported(session.desk, unit, style)
    return download(table.text.encode(table.encoding), f"{unit.name}-{style}.csv")
