"""The database of facts: SQLite with a write-ahead log in the data folder, or PostgreSQL by URL."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from ..base.databases import bounded, explained, outage_explained
from ..course import Course
from .schema import Migration, bring_up_to_date, say
from .tables import METADATA

BUSY_SECONDS = 30
WHAT, WHERE = "the course's database", "Its URL is in COURSE_DATABASE, or 'database' in course_config.py."


def folder(course: Course) -> Path:
    """Blobs, keys and, unless a URL says otherwise, the database."""
    return course.data_folder / "exchange"


def database_url(course: Course) -> str:
    """SQLAlchemy URL: of the environment, else of the course, else SQLite in the data folder."""
    named = os.environ.get("COURSE_DATABASE") or os.environ.get("COURSE_EXCHANGE_DB") or course.database
    return named or f"sqlite:///{folder(course) / 'exchange.db'}"


@contextmanager
def open_facts(course: Course) -> Iterator[Database]:
    """The course's database, for one command; made at first use.

    Raises:
        ConfigError: it cannot be reached, or was lost while it was in use.
    """
    url = database_url(course)
    database = Database(url, course)
    try:
        with outage_explained(url, WHAT, WHERE):
            yield database
    finally:
        database.close()


def preview_of(course: Course) -> Migration | None:
    """What first use would do to the course's data folder: it is done, and taken back.

    Raises:
        ConfigError: the database cannot be reached, or a newer release made it.
    """
    url = database_url(course)
    if url.startswith("sqlite") and not Path(make_url(url).database or "").exists():
        url = "sqlite://"  # nothing is there, and a preview makes nothing
    with explained(url, WHAT, WHERE), _engine_of(url).connect() as connection:
        connection = connection.execution_options(writes=True)
        one_at_a_time(connection, "tables")
        done = bring_up_to_date(connection, METADATA, course, make_url(url), copy=False)
        connection.rollback()
    return done


class Database:
    """Opens transactions; safe in several threads and processes."""

    def __init__(self, url: str, course: Course | None = None) -> None:
        self.sqlite = url.startswith("sqlite")
        with explained(url, WHAT, WHERE):
            if self.sqlite:
                _make_folder(url)
            self._engine = _engine_of(url)
            with Database.write(self) as connection:
                one_at_a_time(connection, "tables")  # web server, workers and publisher may start together
                self.migration = bring_up_to_date(connection, METADATA, course, make_url(url))
        if self.migration is not None:
            say(self.migration)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view, whatever others write meanwhile."""
        with self._engine.connect() as connection:
            yield connection if self.sqlite else connection.execution_options(**_ONE_VIEW)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite the only one at a time."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def trial(self) -> Iterator[Connection]:
        """A transaction that is taken back at its end: what would be, if it were written."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def one_at_a_time(connection: Connection, *names: str) -> None:
    """Let transactions that name the same thing wait for one another; on SQLite all writers do anyway."""
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256("\0".join(names).encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


_SQLITE: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
# A transaction of SQLite is one view by itself; PostgreSQL would look anew with each query.
_ONE_VIEW: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_POSTGRESQL: dict[str, Any] = {"pool_pre_ping": True}  # a server that was restarted costs no request


def _engine_of(url: str) -> Engine:
    sqlite = url.startswith("sqlite")
    engine = create_engine(bounded(url), **(_SQLITE if sqlite else _POSTGRESQL))
    if sqlite:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _make_folder(url: str) -> None:
    name = make_url(url).database
    if name and name != ":memory:":
        Path(name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """Begin by hand, so that a reader that comes to write never meets another one halfway."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # what was answered with a receipt survives a power cut


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
