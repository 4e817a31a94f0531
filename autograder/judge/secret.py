"""The course secret, from which the papers follow: nobody knows what is on them, and only staff are shown."""

from __future__ import annotations

import hashlib

from ..base.errors import ConfigError
from ..base.files import key, token
from ..course import Course
from .papers import PUBLISHED_SECRET


def course_secret(course: Course) -> bytes:
    """The secret in the data folder (mode 0600), made at first use.

    Raises:
        ConfigError: the file cannot be made or read, is too short, or can be read by others.
    """
    path = course.data_folder / "secret"
    try:
        return token(path).encode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}, the course's secret, cannot be made or read: {error}") from error


def publish_secret(course: Course) -> None:
    """Give a course of a demo or a test the secret that everybody may know, unless it has one."""
    key(course.data_folder / "secret", lambda: PUBLISHED_SECRET + b"\n")


def secret_id(secret: bytes) -> str:
    """Tells secrets apart without telling the secret."""
    return hashlib.sha256(b"id of " + secret).hexdigest()[:12]
