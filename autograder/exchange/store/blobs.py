"""Files named by their digest: written once, whole or not at all, never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...base.files import PRIVATE, reach_disk, replace_file
from ..service.refusals import full_disk_is_said


@dataclass(frozen=True)
class Blobs:
    """A folder of files named by their SHA-256."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where a file lies."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Store bytes and return their digest; they are on the disk when this returns.

        Raises:
            Refused: the disk is full; nothing is left behind.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        target = self.path(sha256)
        with full_disk_is_said():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not target.exists():
                replace_file(target, content, PRIVATE)
                reach_disk(target.parent)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of a stored file."""
        return self.path(sha256).read_bytes()
