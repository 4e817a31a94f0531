"""Digests of texts, files and folders."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

ENGINE = Path(__file__).parents[1]


def digest_of(*parts: str) -> str:
    """A hex digest of some texts; order counts, and no two lists of texts run together."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """A hex digest of a file's bytes, or a mark of its own where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def engine_files(*names: str) -> list[Path]:
    """The modules of the engine that are named, or that lie in the folders that are named."""
    paths = [ENGINE / name for name in names]
    return [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]
