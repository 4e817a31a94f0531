"""Who changed which mark, when and why: an append-only file per unit.

Each change is one line of JSON in ``data/audit/<unit>.jsonl``. The file is opened
for appending only and locked while a line is written, so that two graders never
mix their lines; nothing here can change or remove one.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..base.errors import naming
from ..base.files import turn
from ..course import Course

READABLE = 0o640  # by the owner's group


@dataclass(frozen=True)
class Change:
    """One change of a mark; None stands for no mark."""

    student: str
    old: float | None
    new: float | None
    why: str


def audit_path(course: Course, unit: str) -> Path:
    """The record of one unit."""
    return course.data_folder / "audit" / f"{unit}.jsonl"


def record(course: Course, unit: str, changes: Iterable[Change]) -> int:
    """Append those changes in which the mark did change; returns how many they were."""
    real = [change for change in changes if change.old != change.new]
    if real:
        stamp = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": _user(), "unit": unit}
        _append(audit_path(course, unit), [json.dumps(stamp | vars(change)) for change in real])
    return len(real)


def note(course: Course, unit: str, what: str) -> None:
    """Append what was done with a whole unit."""
    stamp = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": _user(), "unit": unit}
    _append(audit_path(course, unit), [json.dumps(stamp | {"note": what})])


def read_audit(course: Course, unit: str) -> list[dict[str, object]]:
    """All records of a unit, oldest first; a line that a power cut tore is left out."""
    path = audit_path(course, unit)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [entry for line in lines for entry in _parsed(line)]


def _parsed(line: str) -> list[dict[str, object]]:
    try:
        return [json.loads(line)]
    except ValueError:
        return []


def _append(path: Path, lines: list[str]) -> None:
    with naming(path), turn(path, READABLE), open(path, "a+b", buffering=0) as file:
        text = "".join(line + "\n" for line in lines).encode()
        file.write(_separator(file.fileno()) + text)
        os.fsync(file.fileno())


def _separator(handle: int) -> bytes:
    """A newline where a power cut left a line without its end, so that it spoils no other."""
    size = os.fstat(handle).st_size
    return b"" if size == 0 or os.pread(handle, 1, size - 1) == b"\n" else b"\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return f"uid {os.getuid()}"
