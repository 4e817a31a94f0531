"""The course secret, from which the papers follow: nobody knows what is on them, and only staff are shown."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from ..base.errors import ConfigError
from ..course import Course
from .papers import PUBLISHED_SECRET


def course_secret(course: Course) -> bytes:
    """The secret in the data folder (mode 0600), made at first use.

    Raises:
        ConfigError: the file cannot be made or read, is too short, or can be read by others.
    """
    path = course.data_folder / "secret"
    try:
        if not path.exists():
            _make(path)
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}, the course's secret, cannot be made or read: {error}") from error
    if len(text) < 32:
        raise ConfigError(f"{path} should hold at least 32 characters; restore it from a backup")
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others; run: chmod 600 {path}")
    return text.encode()


def publish_secret(course: Course) -> None:
    """Give a course of a demo or a test the secret that everybody may know, unless it has one."""
    path = course.data_folder / "secret"
    if not path.exists():
        _make(path, PUBLISHED_SECRET.decode())


def _make(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".secret.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write((text or secrets.token_hex(32)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # fails where another process was first: then its secret counts
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def secret_id(secret: bytes) -> str:
    """Tells secrets apart without telling the secret."""
    return hashlib.sha256(b"id of " + secret).hexdigest()[:12]
