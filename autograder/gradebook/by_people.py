"""How much people have written into the gradebook, by nbgrader's own means."""

from __future__ import annotations

from sqlalchemy import func, select

from ..course import Course
from .database import gradebook_exists, open_tables
from .tables import GRADE, SUBMISSION


def given_by_people(course: Course) -> tuple[int, int]:
    """How many cells have points by hand, and how many submissions an extension.

    Raises:
        ConfigError: the database cannot be reached.
    """
    if not gradebook_exists(course):
        return 0, 0
    with open_tables(course) as db:
        points = db.scalar(select(func.count()).select_from(GRADE).where(GRADE.c.manual_score.is_not(None)))
        given = db.scalars(select(SUBMISSION.c.extension).where(SUBMISSION.c.extension.is_not(None)))
        return points or 0, sum(bool(extension) for extension in given)
