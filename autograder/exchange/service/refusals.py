"""What the exchange answers when it does not do what was asked: a status and a sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from ...base.errors import CourseError

FULL = (
    "The exchange has no room left on its disk, so nothing was stored. Your file is untouched on your side: "
    "tell the course staff, and hand it in again later."
)
NO_SUCH = "There is no such attempt, or it is not yours."


class Refused(CourseError):
    """A request that is refused; the text is for the person who asked."""

    def __init__(self, status: int, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after  # seconds


@contextmanager
def full_disk_is_said() -> Iterator[None]:
    """Turn a full disk, of files or of the database, into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Refused(507, FULL, retry_after=300) from error
    except OperationalError as error:
        if not any(word in str(error).lower() for word in ("full", "no space", "disk i/o")):
            raise
        raise Refused(507, FULL, retry_after=300) from error
