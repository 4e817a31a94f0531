"""Keys of the exchange: files of mode 0600 in its folder, made at first use."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from ...base.errors import ConfigError


def key_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a key file; the first process that asks makes it.

    Raises:
        ConfigError: others can read it, or it is empty.
    """
    if not path.exists():
        _make(path, make())
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} can be read by others; run: chmod 600 {path}")
    content = path.read_bytes()
    if not content:
        raise ConfigError(f"{path} is empty; restore it from a backup")
    return content


def _make(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        fresh.unlink()
