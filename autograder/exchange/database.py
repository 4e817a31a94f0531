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
from sqlalchemy.exc import SQLAlchemyError

from ..errors import ConfigError
from .refusals import full_disk_is_said
from .tables import METADATA

BUSY_SECONDS = 30


class Database:
    """Opens transactions; safe in several threads and processes."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        try:
            if self.sqlite:
                _make_folder(url)
            self._engine = create_engine(
                url, pool_pre_ping=not self.sqlite, **(_SQLITE if self.sqlite else {})
            )
            if self.sqlite:
                event.listen(self._engine, "connect", _prepare)
                event.listen(self._engine, "begin", _begin)
            with self.write() as connection:
                METADATA.create_all(connection)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise ConfigError(
                f"the exchange's database cannot be opened: {error}. See COURSE_EXCHANGE_DB."
            ) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite the only one at a time.

        Raises:
            Refused: the disk is full.
        """
        with full_disk_is_said(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._engine.connect() as connection:
            yield connection

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
