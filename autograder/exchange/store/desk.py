"""The desk: everything that the parts of the exchange share, opened once per process."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from ...base.files import key
from ...course import Course
from ...marks.blobs import Blobs, blobs_of
from ...marks.database import database_url, folder
from ...results.disclosure import now as utc_now
from ..service.settings import ServiceLimits, limits_here
from .database import ExchangeDatabase
from .living import LivingCourse
from .receipts import Signer, key_path


@dataclass(frozen=True)
class Desk:
    """The course's exchange."""

    living: LivingCourse
    database: ExchangeDatabase
    blobs: Blobs
    signer: Signer
    cookie_key: bytes
    limits: ServiceLimits

    @property
    def course(self) -> Course:
        """The course as its file says now."""
        return self.living.now()

    def now(self) -> datetime:
        """The server's time, which is the only one that counts."""
        return utc_now()

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return time.time()


def open_desk(course: Course, limits: ServiceLimits | None = None) -> Desk:
    """Open the exchange of a course; database, folder and keys are made at first use.

    Raises:
        ConfigError: the database cannot be reached, a key can be read by others, or a limit is no number.
    """
    here = folder(course)
    here.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Desk(
        LivingCourse(course),
        ExchangeDatabase(database_url(course), course),
        blobs_of(course),
        Signer(key_path(course)),
        key(here / "cookie-key", lambda: secrets.token_bytes(32)),
        limits or limits_here(),
    )


def stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
