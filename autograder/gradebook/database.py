"""Opening nbgrader's gradebook."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.pool import NullPool

from ..base.databases import bounded, explained, outage_explained
from ..base.files import GROUP, turn
from ..course import Course
from .folders import Folders

WHAT = "the gradebook"
ELSEWHERE = "Its URL is 'gradebook' in course_config.py."


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """nbgrader's ``Gradebook`` of the course; made where it does not exist yet.

    Raises:
        ConfigError: the database cannot be reached, or was lost while it was in use.
    """
    folders = Folders(course)
    folders.root.mkdir(parents=True, exist_ok=True)
    with quiet():
        from nbgrader import api

        api.get_alembic_version = _newest_version
        with explained(folders.database, *named(course)), _one_maker(folders):
            gradebook = api.Gradebook(bounded(folders.database), course.name)
        with outage_explained(folders.database, *named(course)), gradebook:
            yield gradebook


@contextmanager
def open_tables(course: Course) -> Iterator[Connection]:
    """A connection to the tables of a gradebook that was made, without nbgrader; the caller commits.

    Raises:
        ConfigError: the database cannot be reached, or was lost while it was in use.
    """
    url = Folders(course).database
    with explained(url, *named(course)):
        connection = create_engine(bounded(url), poolclass=NullPool).connect()
    with outage_explained(url, *named(course)), connection:
        yield connection


def gradebook_exists(course: Course) -> bool:
    """False where the gradebook was not made yet: no file, or a database without its tables.

    Raises:
        ConfigError: the database cannot be reached.
    """
    folders = Folders(course)
    if course.gradebook is None and not folders.database_file.exists():
        return False  # to ask SQLite would make the file
    with explained(folders.database, *named(course)):
        engine = create_engine(bounded(folders.database), poolclass=NullPool)
        return inspect(engine).has_table("assignment")


def named(course: Course) -> tuple[str, str]:
    """What the database is called in an error, and a sentence on where it is."""
    if course.gradebook:
        return WHAT, ELSEWHERE
    return (
        WHAT,
        "Without this file, the next 'course grade' makes another with all marks.",
    )


@contextmanager
def one_writer(course: Course) -> Iterator[None]:
    """Wait until no other grading process of this machine writes to the gradebook."""
    with turn(Folders(course).root / ".writing", GROUP):  # staff with names of their own may share the folder
        yield


def _one_maker(folders: Folders) -> AbstractContextManager[None]:
    """nbgrader makes the tables one by one: who opens the gradebook meanwhile would make them, too."""
    return turn(folders.root / ".making", GROUP)


@contextmanager
def quiet() -> Iterator[None]:
    """nbgrader's models were written for an older SQLAlchemy, which says so at each start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _newest_version() -> str:
    """Of nbgrader's tables, for a new gradebook; nbgrader starts a program to ask, which takes a second."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return str(ScriptDirectory(ALEMBIC_DIR).get_current_head())
