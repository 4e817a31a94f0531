"""What one exchange may take, and where it keeps it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...course import Course


@dataclass(frozen=True)
class ServiceLimits:
    """What one request and one person may ask of the exchange."""

    body_mib: float = 48.0  # one request, as it comes over the wire
    unpacked_mib: float = 64.0  # all files of a submission together
    files: int = 60  # of a submission
    path_letters: int = 200
    path_depth: int = 6
    uploads_per_minute: float = 6.0  # of one person, refused ones included
    upload_burst: float = 12.0
    requests_per_second: float = 20.0  # of one person
    request_burst: float = 100.0
    lease_seconds: float = 20.0  # how long a silent worker keeps an entry of the queue
    tries: int = 3  # how often an entry may kill its worker before staff must look


def folder(course: Course) -> Path:
    """Blobs, keys and the database of the exchange."""
    return course.data_folder / "exchange"


def database_url(course: Course) -> str:
    """SQLAlchemy URL; SQLite in the data folder unless ``COURSE_EXCHANGE_DB`` names another."""
    return os.environ.get("COURSE_EXCHANGE_DB") or f"sqlite:///{folder(course) / 'exchange.db'}"


def groups(course: Course) -> tuple[str, str]:
    """The hub's groups of this course: staff and students."""
    return f"formgrade-{course.name}", f"nbgrader-{course.name}"
