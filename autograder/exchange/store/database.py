"""The course's database as the exchange uses it: what goes wrong becomes an answer to the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from ...marks import database as facts
from ...marks.database import one_at_a_time
from ..service.refusals import Refused, full_disk_is_said

__all__ = ["ExchangeDatabase", "one_at_a_time"]

AWAY = (
    "The exchange's database does not answer. What has no receipt was not handed in: "
    "keep your file, and try again in a minute."
)
LOST = ("08", "57P", "53300")  # SQLSTATE: no connection, server stops or starts, too many connections


class ExchangeDatabase(facts.Database):
    """Opens transactions; safe in several threads and processes."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; on SQLite the only one at a time.

        Raises:
            Refused: the disk is full, or the database does not answer.
        """
        with _away_is_said(), full_disk_is_said(), super().write() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view, whatever others write meanwhile.

        Raises:
            Refused: the database does not answer.
        """
        with _away_is_said(), super().read() as connection:
            yield connection


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
