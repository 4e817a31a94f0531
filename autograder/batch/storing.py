"""Stores what was graded: attempts from files, and results; a few in one transaction.

A killed run loses at most those few; the next one grades them again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ..marks import graded
from ..marks.attempts import Attempt
from ..marks.database import Database
from ..marks.exceptions import Deed
from ..marks.files import any_without_file, attach, attempt_for, left_without_file
from ..marks.regraded import store_anew
from ..results.result import Result
from .changes import CheckChange, changed_checks
from .run import Done

FEW = 20  # in one transaction
SECONDS = 0.5  # that a result waits for others


@dataclass
class Storage:
    """Where results go, and what changed with them."""

    deed: Deed
    old: bool | None = None  # the unit has attempts of an older release, which left only results
    attempts: set[str] = field(default_factory=set)  # that were graded, or still hold
    checks: dict[str, tuple[CheckChange, ...]] = field(
        default_factory=dict
    )  # that ended otherwise, by attempt

    def store(self, connection: Connection, done: Done) -> None:
        """Store one submission: its attempt where that is new, and its result where it is another."""
        attempt = done.attempt or self._attempt_of(connection, done)
        before = graded.content_of(connection, attempt.id)
        self.attempts.add(attempt.id)
        if before is not None and before == graded.storable(done.result):
            return
        if store_anew(connection, attempt, done.result, self.deed) and before is not None:
            self.checks[attempt.id] = changed_checks(attempt.number, Result.from_json(before), done.result)

    def _attempt_of(self, connection: Connection, done: Done) -> Attempt:
        """The attempt that a file is; one of an older release, which left only this result, gets its file."""
        found, unit = done.found, done.result.unit
        if self.old is None:
            self.old = any_without_file(connection, unit)
        if self.old:
            left = left_without_file(connection, unit, found.student, done.result.digest)
            if left is not None and done.file is None:
                return left
            if left is not None and done.file is not None:
                attach(connection, left, done.file)
        times = (found.submitted, found.stated_late, self.deed.moment)
        return attempt_for(connection, unit, found.student, done.file, *times)


class Buffer:
    """Collects what is done until there is enough for one transaction."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database, self._storage = database, storage
        self._waiting: list[Done] = []
        self._since = time.monotonic()

    def put(self, done: Done) -> None:
        """Take one more; store all where they are many or have waited."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(done)
        if len(self._waiting) >= FEW or time.monotonic() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what waits: by name, so that of two who touch several students none waits for the other."""
        few, self._waiting = sorted(self._waiting, key=lambda done: done.found.student), []
        if few:
            with self._database.write() as connection:
                for done in few:
                    self._storage.store(connection, done)


@contextmanager
def buffered(database: Database, storage: Storage) -> Iterator[Buffer]:
    """A buffer that is emptied at the end, also where the batch is interrupted."""
    buffer = Buffer(database, storage)
    try:
        yield buffer
    finally:
        buffer.flush()
