"""The version of the tables, and what brings an older data folder up to it.

Version 1 is the exchange of before: attempts of the hub only, the marks of files in ``results/`` alone.
Version 2 has all facts in one place. Databases of an older release are copied aside first, and all is
changed in one transaction, so that a kill leaves the old one. Points and extensions that people wrote into
nbgrader's gradebook become facts when the gradebook is next brought up to date.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateColumn

from ..base.errors import ConfigError
from ..base.sqlite_copy import copy_sqlite
from ..course import Course
from ..results.result import Result
from .summary import summary_of
from .tables import ATTEMPTS, RESULTS, SCHEMA

VERSION = 2
ADDED = {ATTEMPTS: ("origin", "submitted", "stated_late"), RESULTS: ("summary",)}  # since version 1
GRADEBOOK = "gradebook.db"  # nbgrader's in the data folder, which is written anew from the facts
LOG = logging.getLogger("course.marks")


@dataclass(frozen=True)
class Migration:
    """What an older data folder held, and where its copies are."""

    found: int | None  # the version; None: there were results of files only
    attempts: int  # of the hub
    taken_in: int  # result files that became attempts
    copies: tuple[Path, ...] = ()


def bring_up_to_date(
    connection: Connection, metadata: MetaData, course: Course | None, url: URL, copy: bool = True
) -> Migration | None:
    """Make the tables that are missing; change those of an older version after a copy was made.

    Args:
        connection: a transaction that may write.
        metadata: all tables.
        course: whose results are taken in, and whose data folder gets the copies.
        url: of this database.
        copy: False where the transaction will be taken back.

    Returns:
        what was done to an older data folder; None where there was nothing to do.

    Raises:
        ConfigError: a newer release made the tables.
    """
    found = version_of(connection)
    if found is not None and found > VERSION:
        raise ConfigError(
            f"the course's database has version {found}, this release knows {VERSION}. "
            "Install the release that made it, or restore the copy in data/backups."
        )
    old = inspect(connection).has_table(ATTEMPTS.name) and (found or 1) < VERSION
    has_results = found != VERSION and course is not None and any(course.data_folder.glob("results/*/*.json"))
    copies = _copied_aside(course, url if old else None) if copy and (old or has_results) else ()
    if old:
        _add_columns(connection)
    metadata.create_all(connection)
    _add_indexes(connection, metadata)
    if found == VERSION:
        return None
    attempts = connection.execute(select(func.count()).select_from(ATTEMPTS)).scalar() or 0
    taken_in = _take_in_results(connection, course)
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(insert(SCHEMA).values(version=VERSION, moment=stamp))
    if not (old or taken_in):
        return None
    return Migration((found or 1) if old else None, attempts, taken_in, copies)


def version_of(connection: Connection) -> int | None:
    """The newest version that was noted; None where none was."""
    if not inspect(connection).has_table(SCHEMA.name):
        return None
    versions = connection.execute(select(SCHEMA.c.version)).scalars().all()
    return max(versions, default=None)


def say(migration: Migration) -> None:
    """Tell the operator, since it happens at first use, whatever the command."""
    where = f"; copies of before: {', '.join(map(str, migration.copies))}" if migration.copies else ""
    LOG.warning(
        "the course's database was brought to version %s: %s attempts of the hub, %s results of files%s",
        *(VERSION, migration.attempts, migration.taken_in, where),
    )


def _take_in_results(connection: Connection, course: Course | None) -> int:
    if course is None:
        return 0
    from .files import take_in_results  # which opens databases of its own accord, by ``database``

    return take_in_results(connection, course)


def _copied_aside(course: Course | None, url: URL | None) -> tuple[Path, ...]:
    """Copies of what is SQLite; who runs PostgreSQL has backups, and the change is one transaction."""
    if course is None:
        return ()
    here = [Path(url.database)] if url and url.get_backend_name() == "sqlite" and url.database else []
    if course.gradebook is None:
        here.append(course.data_folder / GRADEBOOK)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = course.data_folder / "backups"
    return tuple(
        _copy(path, folder / f"{path.stem}-{stamp}.db")
        for path in here
        if path.exists() and path.stat().st_size
    )


def _copy(path: Path, target: Path) -> Path:
    copy_sqlite(path, target)
    return target


def _add_columns(connection: Connection) -> None:
    for table, names in ADDED.items():
        there = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for name in names:
            if name not in there:
                _add_column(connection, table, table.c[name])
    connection.execute(update(ATTEMPTS).values(submitted=ATTEMPTS.c.received))
    for attempt, content in connection.execute(select(RESULTS.c.attempt, RESULTS.c.content)).all():
        mine = update(RESULTS).where(RESULTS.c.attempt == attempt)
        connection.execute(mine.values(summary=json.dumps(summary_of(Result.from_json(content)))))


def _add_indexes(connection: Connection, metadata: MetaData) -> None:
    """Make the indexes that a table of an earlier release lacks: no new version, since they hold no fact."""
    there = inspect(connection)
    for table in metadata.sorted_tables:
        known = {each["name"] for each in there.get_indexes(table.name)} if table.indexes else set()
        for index in table.indexes:
            if index.name not in known:
                index.create(connection)


def _add_column(connection: Connection, table: Table, column: Column[object]) -> None:
    words = CreateColumn(column).compile(dialect=connection.dialect)
    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {words}"))
