"""Feedback as files: nbgrader's, where staff released it, else our own page as it may be seen now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert

from ...base.digest import digest_of
from ...marks import graded, read_dates
from ...marks.attempts import Attempt
from ...pages.feedback import feedback_page
from ...results.disclosure import Shown
from ..service.refusals import Refused
from ..store import hints
from ..store.attempts import keep
from ..store.desk import Desk, stamp
from ..store.tables import FEEDBACK
from ..store.uploads import Upload
from .overview import Line, Overview, feedback_files
from .showing import View, view, view_terms


def seen(desk: Desk, connection: Connection, attempt: Attempt, opens: datetime) -> View | None:
    """The result of an attempt as its student may see it now, or None where there is none.

    Args:
        desk: the exchange.
        connection: to its database.
        attempt: of the student.
        opens: when all is open for the student.
    """
    result = graded.result_of(connection, attempt.id)
    if result is None:
        return None
    opened = hints.opened(connection, attempt.unit, attempt.student)
    return view(desk.course, desk.course.unit(attempt.unit), result, opened, desk.now(), opens)


def opens_for(desk: Desk, connection: Connection, attempt: Attempt) -> datetime:
    """When all is open for the student of an attempt."""
    course = desk.course
    return read_dates(connection, course, course.unit(attempt.unit)).opens(attempt.student)


def feedback_of(desk: Desk, connection: Connection, own: Overview, attempt: Attempt) -> dict[str, bytes]:
    """HTML pages by file name, for one of a student's attempts; empty where there is nothing yet."""
    released = feedback_files(connection, attempt.id)
    if released:
        return {f"{name}.html": desk.blobs.get(sha256) for name, sha256 in released.items()}
    now_seen = seen(desk, connection, attempt, own.opens)
    if now_seen is None:
        return {}
    open_ = Shown(verdicts=now_seen.verdicts, mistakes=True, smallest_case=True)
    page = feedback_page(desk.course, desk.course.unit(attempt.unit), now_seen.result, open_)
    return {f"{attempt.unit}.html": page.encode()}


def name_of(desk: Desk, connection: Connection, own: Overview, line: Line) -> str | None:
    """One digest that changes whenever the feedback does; None where there is none.

    It is made of what the feedback follows from: who asks for a list of attempts makes us write no page.
    """
    released = feedback_files(connection, line.attempt.id)
    if released:
        return digest_of(*(f"{name} {sha256}" for name, sha256 in sorted(released.items())))
    if line.graded is None:
        return None
    course, now = desk.course, desk.now()
    opened = sorted(hints.opened(connection, line.attempt.unit, line.attempt.student))
    shown = view_terms(course, own.unit, now, own.opens)
    return digest_of(repr(line.graded), course.title, own.unit.title, *shown, *opened)


def release_feedback(desk: Desk, attempt: Attempt, upload: Upload) -> None:
    """Replace what nbgrader's feedback an attempt has.

    Raises:
        Refused: a file is no HTML page.
    """
    if any("/" in file.path or not file.path.endswith(".html") for file in upload.files):
        raise Refused(422, "Feedback is one HTML page per notebook, such as unit.html.")
    stored, moment = keep(desk, upload.files), stamp(desk.now())
    with desk.database.write() as connection:
        connection.execute(delete(FEEDBACK).where(FEEDBACK.c.attempt == attempt.id))
        for file in stored:
            name = file.path.removesuffix(".html")
            connection.execute(
                insert(FEEDBACK).values(attempt=attempt.id, name=name, sha256=file.sha256, moment=moment)
            )
