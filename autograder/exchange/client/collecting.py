"""Which attempts are collected, and the files that say when they were handed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import groupby
from pathlib import Path
from typing import Any

from ...results.late import parse_time
from .service import Service
from .trees import read_tree, write_tree

TIMESTAMP = "timestamp.txt"
Attempt = dict[str, Any]


def to_collect(submissions: Iterable[Attempt]) -> list[Attempt]:
    """One attempt per student: the one that counts, else the last; of those whose files are kept."""
    kept = (attempt for attempt in submissions if attempt["files"])
    ordered = sorted(kept, key=lambda attempt: (attempt["student"], attempt["number"]))
    chosen = []
    for _, group in groupby(ordered, key=lambda attempt: attempt["student"]):
        own = list(group)
        chosen.append(next((attempt for attempt in own if attempt["counts"]), own[-1]))
    return chosen


def timestamp(received: str) -> str:
    """The time of an attempt as nbgrader writes it.

    >>> timestamp("2027-01-17T12:00:00.000001+00:00")
    '2027-01-17 12:00:00.000001 UTC'
    """
    moment = parse_time(received)
    if moment is None:
        raise ValueError(f"expected an ISO 8601 time, got {received!r}")
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")


def write_attempt(service: Service, attempt: Attempt, folder: Path) -> bool:
    """Make a folder hold just this attempt; False where it did already.

    When it was handed in stands beside it, unless nobody knows.
    """
    files = service.files(attempt["id"])
    if attempt["submitted"]:
        files[TIMESTAMP] = (timestamp(attempt["submitted"]) + "\n").encode()
    before = read_tree(folder) if folder.is_dir() else {}
    if before == files:
        return False
    for path in before.keys() - files.keys():
        (folder / path).unlink()
    write_tree(folder, files)
    return True
