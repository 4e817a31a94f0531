"""The list of a backup's files, with their SHA-256 digests and the modes that they had."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..base.errors import ConfigError, UsageError
from ..base.files import PRIVATE

NAME = "manifest.json"
DATA = "data"  # in a backup: the files of the data folder
APART = "databases"  # and databases that lie elsewhere
FORMAT = 1
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Listed:
    """One file as it was copied."""

    sha256: str
    size: int  # bytes
    mode: int  # permissions that the original had


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    course: str
    made: str  # ISO 8601, UTC
    release: str  # of the engine
    files: dict[str, Listed]  # by path below the backup
    format: int = FORMAT

    def to_json(self) -> str:
        """As the file holds it."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def read_manifest(backup: Path) -> Manifest:
    """The list of a backup.

    Raises:
        UsageError: the folder is no backup of ``course backup``, or is one of a newer release.
    """
    path = backup / NAME
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = {name: Listed(**values) for name, values in given["files"].items()}
        manifest = Manifest(**given | {"files": files})
    except FileNotFoundError:
        raise UsageError(f"{backup} has no {NAME}; expected a folder that 'course backup' made") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} is damaged ({error}); use another backup") from error
    if manifest.format != FORMAT:
        raise UsageError(f"{backup} has format {manifest.format}, this release reads {FORMAT}")
    for name in files:
        parts = PurePosixPath(name).parts
        if parts[:1] not in ((DATA,), (APART,)) or len(parts) < 2 or ".." in parts:
            raise UsageError(f"{path} names {name!r}, which lies in no backup; use another one")
    return manifest


def copy_listed(source: Path, target: Path, mode: int | None = None) -> Listed:
    """Copy a file while its digest is counted, and say what was copied.

    Args:
        source: is read once.
        target: must not be there yet; its folders are made.
        mode: of the copy; None: for its owner only, read-only where the original is.
    """
    private_folders(target.parent)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as there:
        had = os.fstat(there.fileno()).st_mode & 0o777
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with open(handle, "wb") as here:
            os.fchmod(handle, had & PRIVATE if mode is None else mode)
            while block := there.read(_BLOCK):
                digest.update(block)
                size += len(block)
                here.write(block)
    return Listed(digest.hexdigest(), size, had)


def private_folders(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner only."""
    if not folder.exists():
        private_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def listed(path: Path, mode: int) -> Listed:
    """A file that is there already."""
    with path.open("rb") as file:
        return Listed(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size, mode)


def check_listed(backup: Path, name: str, wanted: Listed, came: Listed) -> None:
    """Refuse a file that is not as it was when the backup was made.

    Raises:
        ConfigError: it was changed or cut since.
    """
    if (came.sha256, came.size) != (wanted.sha256, wanted.size):
        raise ConfigError(
            f"{backup / name} was changed since the backup was made: expected {wanted.size} bytes with "
            f"SHA-256 {wanted.sha256[:12]}..., found {came.size} with {came.sha256[:12]}... Nothing was "
            "restored; use another backup."
        )
