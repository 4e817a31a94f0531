"""The database of the exchange: SQLite with a write-ahead log, or PostgreSQL by URL."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError

from ...base.databases import bounded, explained
from ..service.refusals import Refused, full_disk_is_said
from .tables import METADATA

BUSY_SECONDS = 30
AWAY = (
    "The exchange's database does not answer. What has no receipt was not handed in: "
    "keep your file, and try again in a minute."
)
LOST = ("08", "57P", "53300")  # SQLSTATE: no connection, server stops or starts, too many connections


class Database:
    """Opens transactions; safe in several threads and processes."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        with explained(url, "the exchange's database", "Its URL is in COURSE_EXCHANGE_DB."):
            if self.sqlite:
                _make_folder(url)
            self._engine = create_engine(bounded(url), **(_SQLITE if self.sqlite else _POSTGRESQL))
            if self.sqlite:
                event.listen(self._engine, "connect", _prepare)
                event.listen(self._engine, "begin", _begin)
            with self._writing() as connection:
                one_at_a_time(connection, "tables")  # web server, workers and publisher may start together
                METADATA.create_all(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite the only one at a time.

        Raises:
            Refused: the disk is full, or the database does not answer.
        """
        with _away_is_said(), full_disk_is_said(), self._writing() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view, whatever others write meanwhile.

        Raises:
            Refused: the database does not answer.
        """
        with _away_is_said(), self._engine.connect() as connection:
            yield connection if self.sqlite else connection.execution_options(**_ONE_VIEW)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


@contextmanager
def _away_is_said() -> Iterator[None]:
    """Turn a server that is stopped or cannot be reached into a sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        state = getattr(error.orig, "sqlstate", "no")  # SQLite's errors have none; None: it never answered
        if state is not None and not state.startswith(LOST):
            raise
        raise Refused(503, AWAY, retry_after=30) from error


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
