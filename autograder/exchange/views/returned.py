"""Feedback as files: nbgrader's, where staff released it, else our own page as it may be seen now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert

from ...pages.feedback import feedback_page
from ...results.disclosure import Shown
from ..service.refusals import Refused
from ..store import graded, hints
from ..store.attempts import Attempt, keep
from ..store.desk import Desk, stamp
from ..store.tables import FEEDBACK
from ..store.uploads import Upload
from .overview import feedback_files
from .showing import View, view


def seen(desk: Desk, connection: Connection, attempt: Attempt) -> View | None:
    """The result of an attempt as its student may see it now, or None where there is none."""
    result = graded.result_of(connection, attempt.id)
    if result is None:
        return None
    opened = hints.opened(connection, attempt.unit, attempt.student)
    return view(desk.course, desk.course.unit(attempt.unit), result, opened, desk.now())


def feedback_of(desk: Desk, connection: Connection, attempt: Attempt) -> dict[str, bytes]:
    """HTML pages by file name; empty where there is nothing yet."""
    released = feedback_files(connection, attempt.id)
    if released:
        return {f"{name}.html": desk.blobs.get(sha256) for name, sha256 in released.items()}
    now_seen = seen(desk, connection, attempt)
    if now_seen is None:
        return {}
    open_ = Shown(verdicts=now_seen.verdicts, mistakes=True, smallest_case=True)
    page = feedback_page(desk.course, desk.course.unit(attempt.unit), now_seen.result, open_)
    return {f"{attempt.notebook.path.rpartition('/')[2].removesuffix('.ipynb')}.html": page.encode()}


def name_of(files: Mapping[str, bytes]) -> str | None:
    """One digest that changes whenever the feedback does; None where there is none."""
    if not files:
        return None
    total = hashlib.sha256()
    for name, content in sorted(files.items()):
        total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


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
