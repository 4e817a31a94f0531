"""The desk: everything that the parts of the exchange share, opened once per process."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...base.files import key
from ...course import Course
from ...results.disclosure import now as utc_now
from ..service.settings import ServiceLimits, database_url, folder
from .blobs import Blobs
from .database import Database
from .receipts import Signer


@dataclass(frozen=True)
class StoredFile:
    """One file of an attempt or a release."""

    path: str
    sha256: str
    size: int
    alone: bool = False  # of several notebooks the only one with work in it, which is graded

    def listed(self) -> list[Any]:
        """The fields, as JSON has them."""
        return [self.path, self.sha256, self.size, *([True] if self.alone else [])]


@dataclass(frozen=True)
class Desk:
    """The course's exchange."""

    course: Course
    database: Database
    blobs: Blobs
    signer: Signer
    cookie_key: bytes
    limits: ServiceLimits

    def now(self) -> datetime:
        """The server's time, which is the only one that counts."""
        return utc_now()

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return time.time()


def open_desk(course: Course, limits: ServiceLimits | None = None) -> Desk:
    """Open the exchange of a course; database, folder and keys are made at first use.

    Raises:
        ConfigError: the database cannot be reached, or a key can be read by others.
    """
    here = folder(course)
    here.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Desk(
        course,
        Database(database_url(course)),
        Blobs(here / "blobs"),
        Signer(here / "receipt-key"),
        key(here / "cookie-key", lambda: secrets.token_bytes(32)),
        limits or ServiceLimits(),
    )


def stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def dump_files(files: tuple[StoredFile, ...]) -> str:
    """Stored files as JSON."""
    return json.dumps([file.listed() for file in files])


def load_files(text: str) -> tuple[StoredFile, ...]:
    """The inverse of ``dump_files``."""
    return tuple(StoredFile(*item) for item in json.loads(text))
