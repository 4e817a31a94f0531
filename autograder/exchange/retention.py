"""What is kept for how long: looked at by the running exchange, and by ``course tidy``.

Each kind of data has its period in ``Course.retention``. Facts that marks follow from go all together, and
never before the course has ended for everybody and their period is over; where it names no period they stay.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select

from ..base.files import write_private
from ..course import Course
from ..marks import read_dates
from ..marks.database import folder
from ..marks.dates import closes
from ..marks.tables import ATTEMPTS, BY_HAND, EXCEPTIONS
from ..results.late import parse_time
from .forgetting import forget_student
from .store.desk import Desk, stamp
from .store.personal import holding
from .store.tables import IN_HAND, VISITS

LOG = logging.getLogger("course.exchange")
FIRST_SEEN = "facts-expired.json"  # beside the database
AT_ONCE = 50  # students whose data goes at one look, so that a look ends soon
WRITTEN = ("reports", "reports-pseudonyms", "export")  # folders that commands write for people
FACTS = "students with all their attempts, marks and files"
COPIES = ("backups",)  # of databases, which an upgrade makes


@dataclass(frozen=True)
class Expired:
    """One kind of data whose period is over."""

    kind: str
    count: int

    def __str__(self) -> str:
        """As the log and the command say it."""
        return f"{self.kind}: {self.count}"


def course_end(course: Course, connection: Connection) -> datetime | None:
    """When the late period of the last unit is over for whoever has most time, or the course says it ends.

    None where there is no unit, and the course does not say it either.
    """
    said = parse_time(course.retention.course_ends)
    last = [closes(course, read_dates(connection, course, unit).last_due) for unit in course.units]
    return max([*last, *([said] if said is not None else [])], default=None)


def expired(desk: Desk) -> list[Expired]:
    """What a tidying would delete now; nothing is changed."""
    with desk.database.read() as connection:
        rows = [
            Expired(kind, connection.execute(select(func.count()).where(which)).scalar() or 0)
            for kind, _, which in _rows(desk)
        ]
        students = students_of(connection) if _facts_are_over(desk, connection) else []
    files = [Expired(kind, len(list(paths))) for kind, paths in _files(desk)]
    return [each for each in [*rows, *files, Expired(FACTS, len(students))] if each.count]


def tidy_expired(desk: Desk, most: int = AT_ONCE) -> list[Expired]:
    """Delete what has expired; what was deleted, by kind.

    Facts go a day after it was first seen that they may, so that a slip in the dates can be put right.

    Args:
        desk: the exchange.
        most: students whose facts go at one time; the others go at the next.
    """
    done = [Expired(kind, sum(map(_remove, list(paths)))) for kind, paths in _files(desk)]
    with desk.database.write() as connection:
        done += [
            Expired(kind, connection.execute(delete(table).where(which)).rowcount)
            for kind, table, which in _rows(desk)
        ]
        students = students_of(connection)[:most] if _facts_may_go(desk, connection) else []
    for student in students:
        with desk.database.read() as connection:
            found = holding(connection, student)
        forget_student(desk, found)
    done = [each for each in [*done, Expired(FACTS, len(students))] if each.count]
    for each in done:
        LOG.info("its period is over, and it is deleted: %s", each)
    return done


def _facts_are_over(desk: Desk, connection: Connection) -> bool:
    days, end = desk.course.retention.facts_days, course_end(desk.course, connection)
    return days is not None and end is not None and desk.now() > end + timedelta(days=days)


def _facts_may_go(desk: Desk, connection: Connection) -> bool:
    """Whether their period is over, and was so a day ago by the same dates."""
    path = folder(desk.course) / FIRST_SEEN
    if not _facts_are_over(desk, connection) or not students_of(connection):
        path.unlink(missing_ok=True)
        return False
    by = [str(course_end(desk.course, connection)), desk.course.retention.facts_days]
    seen, when = _read(path)
    if seen != by or when is None:
        write_private(path, json.dumps([by, stamp(desk.now())]))
        LOG.warning(
            "the course ended at %s and facts_days=%g are over: attempts, marks and files of all students "
            "are deleted from tomorrow on, unless course_config.py says otherwise by then",
            *by,
        )
        return False
    return desk.now() >= when + timedelta(days=1)


def _read(path: Path) -> tuple[object, datetime | None]:
    """By which dates it was first seen that facts may go, and when; nothing where it was not."""
    try:
        seen, when = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None, None
    return seen, parse_time(when) if isinstance(when, str) else None


def _rows(desk: Desk) -> Iterator[tuple[str, Table, ColumnElement[bool]]]:
    """Rows that no mark follows from: kind, table, and which of them have expired."""
    days = desk.course.retention.visits_days
    before = stamp(desk.now() - timedelta(days=days))
    yield "notes of which page a student saw last", VISITS, VISITS.c.moment < before
    yield "answers that somebody had before them", IN_HAND, IN_HAND.c.until < desk.seconds() - 86_400


def _files(desk: Desk) -> Iterator[tuple[str, Iterable[Path]]]:
    """Files of which the facts make others: kind, and those that have expired."""
    kept, data = desk.course.retention, desk.course.data_folder
    yield "reports and exports", _old(data, WRITTEN, kept.written_days, desk.seconds())
    yield "copies of databases from before an upgrade", _old(data, COPIES, kept.copies_days, desk.seconds())


def _old(data: Path, folders: Iterable[str], days: float | None, now: float) -> Iterator[Path]:
    """Entries of these folders in which nothing was written for so long."""
    for name in folders if days is not None else ():
        for path in sorted((data / name).glob("*")):
            inside = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
            if max(each.lstat().st_mtime for each in inside) < now - (days or 0.0) * 86_400:
                yield path


def _remove(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return True


def students_of(connection: Connection) -> list[str]:
    """Everybody of whom there are facts, by name."""
    found: set[str] = set()
    for table in (ATTEMPTS, BY_HAND, EXCEPTIONS):
        found |= set(connection.execute(select(table.c.student).distinct()).scalars())
    return sorted(found - {""})
