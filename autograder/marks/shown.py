"""When marks of a unit were shown outside the exchange: as feedback pages, or in an export.

What was shown is not taken back by a regrade (``regraded.py``), so that each showing is a fact. Marks of
attempts on the hub are shown as soon as they are graded.
"""

from __future__ import annotations

from sqlalchemy import Connection, exists, insert, select

from ..course import Course, Unit
from .attempts import Attempt
from .graded import Graded
from .tables import SHOWN

EVERYBODY = ""


def note_shown(
    connection: Connection, course: Course, unit: Unit | str, moment: str, student: str = EVERYBODY
) -> None:
    """Note that the marks of a unit were shown.

    Args:
        connection: a transaction that may write.
        course: the course.
        unit: one of its units, or its name.
        moment: ISO 8601, UTC.
        student: whose mark it was; everybody's where left out.

    Raises:
        UsageError: the course has no such unit.
    """
    name = course.unit(unit if isinstance(unit, str) else unit.name).name
    connection.execute(insert(SHOWN).values(unit=name, student=student, moment=moment))


def was_shown(connection: Connection, attempt: Attempt, latest: Graded) -> bool:
    """Whether anybody outside the staff can have seen what the latest grading of an attempt said."""
    if not attempt.from_files:
        return True
    mine = (SHOWN.c.unit == attempt.unit) & SHOWN.c.student.in_((EVERYBODY, attempt.student))
    return bool(connection.execute(select(exists().where(mine, SHOWN.c.moment >= latest.graded))).scalar())
