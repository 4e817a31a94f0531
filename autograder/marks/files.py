"""Attempts from files: what ``course grade`` was given, and the results of an older release."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, exists, insert, select, update

from ..course import Course
from ..results.result import Result
from ..results.store import read_results
from . import attempts, graded
from .attempts import FILES, Attempt, StoredFile, dump_files
from .database import one_at_a_time
from .tables import ATTEMPTS


def attempt_for(
    connection: Connection,
    unit: str,
    student: str,
    file: StoredFile | None,
    submitted: str | None,
    stated_late: bool = False,
    received: str | None = None,
) -> Attempt:
    """The attempt that a file is: the student's attempt with the same notebook, else a new one.

    A time that is known now takes the place of one that was not, or was another: a platform's
    metadata may be corrected. An attempt of the hub keeps its own.

    Args:
        connection: a transaction that may write.
        unit: handed in for.
        student: who did.
        file: the stored notebook; None where there is none (an empty folder, a link).
        submitted: when, ISO 8601; None where that is not known.
        stated_late: its platform says that it came late, and not when.
        received: now, ISO 8601.
    """
    one_at_a_time(connection, "attempts", unit, student)
    own = attempts.of_student(connection, unit, student)
    known = next((each for each in reversed(own) if _holds(each, file)), None)
    if known is None:
        return _insert(connection, unit, student, file, submitted, stated_late, received or _now())
    if known.origin != FILES:
        return known
    times = {"submitted": submitted or known.submitted, "stated_late": stated_late}
    if (known.submitted, known.stated_late) != tuple(times.values()):
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == known.id).values(times))
        graded.touch(connection, unit, student)
    return replace(known, **times)  # type: ignore[arg-type]


def _holds(attempt: Attempt, file: StoredFile | None) -> bool:
    if file is None:
        return attempt.from_files and not attempt.files and attempt.sha256 == NOTHING
    return file.sha256 in {each.sha256 for each in attempt.files}


NOTHING = hashlib.sha256(b"").hexdigest()  # of an attempt in which there was no notebook


def _insert(
    connection: Connection,
    unit: str,
    student: str,
    file: StoredFile | None,
    submitted: str | None,
    stated_late: bool,
    received: str,
) -> Attempt:
    attempt = Attempt(
        id=uuid.uuid4().hex,
        unit=unit,
        student=student,
        number=attempts.last_number(connection, unit, student) + 1,
        received=received,
        sha256=file.sha256 if file else NOTHING,
        size=file.size if file else 0,
        files=(file,) if file else (),
        origin=FILES,
        submitted=submitted,
        stated_late=stated_late,
    )
    connection.execute(insert(ATTEMPTS).values(attempts.values_of(attempt)))
    return attempt


def attach(connection: Connection, attempt: Attempt, file: StoredFile) -> None:
    """Give an attempt of an older release, of which only the result was left, its notebook."""
    mine = update(ATTEMPTS).where(ATTEMPTS.c.id == attempt.id)
    connection.execute(mine.values(sha256=file.sha256, size=file.size, files=dump_files((file,))))


def take_in_results(connection: Connection, course: Course) -> int:
    """Make an attempt of each result file that no attempt explains; returns how many were made."""
    made = 0
    for unit in course.units:
        for result in read_results(course, unit.name):
            if not _explained(connection, result):
                _take_in(connection, result)
                made += 1
    return made


def _explained(connection: Connection, result: Result) -> bool:
    own = graded.of_student(connection, result.unit, result.student)
    return any(each.digest == result.digest for each in own.values())


def _take_in(connection: Connection, result: Result) -> None:
    attempt = replace(
        _insert(connection, result.unit, result.student, None, result.submitted, False, _now()), sha256=""
    )
    connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == attempt.id).values(sha256=""))
    graded.store(connection, attempt, result, _now())


def any_without_file(connection: Connection, unit: str) -> bool:
    """Whether a unit has attempts of an older release, of which only the results are left."""
    mine = exists().where(ATTEMPTS.c.unit == unit, ATTEMPTS.c.sha256 == "")
    return bool(connection.execute(select(mine)).scalar())


def left_without_file(connection: Connection, unit: str, student: str, digest: str) -> Attempt | None:
    """The attempt of an older release that has this result, and no file yet."""
    query = select(ATTEMPTS).where(
        ATTEMPTS.c.unit == unit, ATTEMPTS.c.student == student, ATTEMPTS.c.sha256 == ""
    )
    found = [attempts.attempt_of(row) for row in connection.execute(query)]
    own = graded.of_student(connection, unit, student) if found else {}
    return next((each for each in found if each.id in own and own[each.id].digest == digest), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
