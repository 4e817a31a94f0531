"""Brings result files and nbgrader's gradebook up to date, as long as the exchange runs.

Result files at once; the gradebook in batches, since that costs seconds and locks. What is behind stands
in the database, so a killed publisher goes on where it was. Whoever is concerned by another due date or
policy of ``course_config.py`` is noted here, too.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import AbstractContextManager

from sqlalchemy.exc import SQLAlchemyError

from ...base.errors import CourseError
from ...base.files import turn
from ...course import Course
from ...gradebook import catching_up
from ...marks.database import folder
from ..retention import tidy_expired
from ..store.desk import Desk
from ..store.tidying import tidy

LOG = logging.getLogger("course.exchange.publisher")
BATCH_SECONDS = 10.0
AFTER_TROUBLE = 60.0
TIDY_SECONDS = 300.0  # between looks for uploads that were not handed in
EXPIRED_SECONDS = 3600.0  # between looks for what the course keeps no longer
LOOK_SECONDS = 300.0  # between looks at what others wrote into the gradebook, which reads all its rows


def publish(desk: Desk, parent: int | None = None, batch_seconds: float = BATCH_SECONDS) -> None:
    """Write until the parent is gone; one process at a time does so."""
    noticed: Course | None = None
    with only_one(desk):
        catching_up.clear_unfinished(desk.course)
        projected = time.monotonic() - batch_seconds
        looked = time.monotonic() - LOOK_SECONDS
        tidied = time.monotonic() - TIDY_SECONDS
        expired = time.monotonic() - EXPIRED_SECONDS
        while parent in (None, os.getppid()):
            course, batch = desk.course, time.monotonic() - projected >= batch_seconds
            if batch or course is not noticed:
                catching_up.notice_policies(course, desk.database)
                noticed = course
            write_results(desk, course)
            if batch:
                everybody = time.monotonic() - looked >= LOOK_SECONDS
                sound = project_all(desk, course, everybody)
                projected = time.monotonic() + (0.0 if sound else AFTER_TROUBLE)
                looked = time.monotonic() if everybody and sound else looked
            if time.monotonic() - tidied >= TIDY_SECONDS:
                tidy_up(desk)
                tidied = time.monotonic()
            if time.monotonic() - expired >= EXPIRED_SECONDS:
                delete_expired(desk)
                expired = time.monotonic()
            time.sleep(0.5)


def tidy_up(desk: Desk) -> None:
    """Throw away what was only looked at and has expired."""
    try:
        tidy(desk)
    except (CourseError, OSError) as error:
        LOG.error("what was only looked at could not be thrown away: %s", error)


def delete_expired(desk: Desk) -> None:
    """Delete what the course has kept for as long as it says."""
    try:
        tidy_expired(desk)
    except (CourseError, OSError, SQLAlchemyError) as error:
        LOG.error("what has expired could not be deleted, and is looked at again in an hour: %s", error)


def only_one(desk: Desk) -> AbstractContextManager[None]:
    """Wait until no other publisher runs on this course."""
    return turn(folder(desk.course) / "publishing")


def write_results(desk: Desk, course: Course) -> None:
    """Write the result files that are behind."""
    for failed in catching_up.write_results(course, desk.database):
        LOG.error("%s", failed)


def project_all(desk: Desk, course: Course, everybody: bool = True) -> bool:
    """Bring the gradebook up to date, unit by unit; False where one could not be written.

    ``everybody``: also where no fact has changed, and somebody else wrote into the gradebook.
    """
    sound = True
    for unit in course.units:
        try:
            refused = catching_up.project_behind(course, desk.database, [unit], everybody)
        except (CourseError, OSError, SQLAlchemyError) as error:
            LOG.error("the gradebook could not be written, the results are stored: %s", error)
            sound = False
            continue
        for refusal in refused:
            LOG.warning("gradebook: %s", refusal)
    return sound
