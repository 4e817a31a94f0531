"""What of a data folder is in a backup, and what is not."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base.sqlite_copy import COMPANIONS

# By pattern below the data folder: why a backup is whole without it.
LEFT_OUT = {
    "hub/homes": "people's home folders (spawner simple); back them up as you do other homes",
    "hub/first-passwords.csv": "passwords in clear text; 'course roster password NAME' makes another",
    "hub/sockets": "made at each start",
    "hub/ports": "made at each start",
    "hub/*.pid": "made at each start",
    "hub/formgrader": "made at each start",
    "backups": "copies of databases of before an upgrade",
    "known": "made again when it is needed",
    "feedback": "made again by 'course feedback'",
    "reports": "made again by 'course report'",
    "export": "made again by 'course export'",
    "slurm": "keys of one grading",
}
_PASSING = (
    ".*.part",
    ".*.lock",
    ".writing",
    ".making",
    "__pycache__",
    *(f"*{ending}" for ending in COMPANIONS),
)


@dataclass(frozen=True)
class Contents:
    """What a data folder holds: names relative to it."""

    files: tuple[str, ...]  # regular files
    left_out: dict[str, str]  # of ``LEFT_OUT``, what is there, and why it may be missing
    odd: tuple[str, ...]  # links below the first level and other things that are no files


def contents_of(folder: Path) -> Contents:
    """Look through a data folder. A link at its first level is followed: a place may have put it there.

    Raises:
        OSError: a folder cannot be read.
    """
    files, left_out, odd = [], {}, []
    for name, regular in sorted(_walk(folder, "")):
        if why := _why_not(name):
            left_out[name] = why
        elif regular:
            files.append(name)
        else:
            odd.append(name)
    return Contents(tuple(files), left_out, tuple(odd))


def _walk(folder: Path, above: str) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is a regular file. What is left out is not entered."""
    with os.scandir(folder / above) as entries:
        for entry in entries:
            name, follow = f"{above}/{entry.name}".lstrip("/"), not above
            if any(fnmatch.fnmatch(entry.name, pattern) for pattern in _PASSING):
                continue
            if entry.is_dir(follow_symlinks=follow) and not _why_not(name):
                yield from _walk(folder, name)
            else:
                yield name, entry.is_file(follow_symlinks=follow)


def _why_not(name: str) -> str:
    return next((why for pattern, why in LEFT_OUT.items() if fnmatch.fnmatch(name, pattern)), "")
