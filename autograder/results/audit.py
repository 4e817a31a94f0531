"""Who changed which mark, when and why: an append-only file per unit.

Each change is one line of JSON in ``data/audit/<unit>.jsonl``. The file is opened
for appending only and locked while a line is written, so that two graders never
mix their lines; no line is ever removed, and none is changed but in one way: who is
deleted from the course stands there under a pseudonym from then on (``rename``).
"""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..base.errors import naming
from ..base.files import replace_file, turn
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


def record(course: Course, unit: str, changes: Iterable[Change], who: str = "") -> int:
    """Append those changes in which the mark did change; returns how many they were.

    ``who`` caused them: the user of this process where left out.
    """
    real = [change for change in changes if change.old != change.new]
    if real:
        stamp = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": who or user(), "unit": unit}
        _append(audit_path(course, unit), [json.dumps(stamp | vars(change)) for change in real])
    return len(real)


def note(course: Course, unit: str, what: str, who: str = "") -> None:
    """Append what was done with a unit by ``who``: the user of this process where left out."""
    stamp = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": who or user(), "unit": unit}
    _append(audit_path(course, unit), [json.dumps(stamp | {"note": what})])


def read_audit(course: Course, unit: str) -> list[dict[str, object]]:
    """All records of a unit, oldest first; a line that a power cut tore is left out."""
    path = audit_path(course, unit)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [entry for line in lines for entry in _parsed(line)]


def lines_about(course: Course, unit: str, student: str) -> list[dict[str, object]]:
    """Those of a student, and those whose sentence names them."""
    word = _named(student)
    return [
        line
        for line in read_audit(course, unit)
        if any(isinstance(each, str) and word.search(each) for each in line.values())
    ]


def rename(course: Course, unit: str, student: str, pseudonym: str) -> int:
    """Put a pseudonym in the place of a student's name, also where a sentence names it; lines changed.

    The file is rewritten where it stands, since whoever waits for a turn has it open. A kill meanwhile
    leaves the whole new text beside it, as ``<unit>.jsonl.new``.
    """
    path = audit_path(course, unit)
    if not path.exists():
        return 0
    word = _named(student)
    with naming(path), turn(path, READABLE), open(path, "r+b", buffering=0) as file:
        before = file.read().decode("utf-8").split("\n")
        after = [_renamed(line, word, pseudonym) for line in before]
        changed = sum(old != new for old, new in zip(before, after, strict=True))
        if changed:
            text, beside = "\n".join(after).encode(), path.with_name(f"{path.name}.new")
            replace_file(beside, text, READABLE)
            file.seek(0)
            file.write(text)
            file.truncate()
            os.fsync(file.fileno())
            beside.unlink()
    return changed


def _named(student: str) -> re.Pattern[str]:
    """The name, and no longer one in which it stands."""
    return re.compile(rf"(?<![\w-]){re.escape(student)}(?![\w-])")


def _renamed(line: str, word: re.Pattern[str], pseudonym: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line  # empty, or torn by a power cut
    new = {name: word.sub(pseudonym, each) if isinstance(each, str) else each for name, each in entry.items()}
    return line if new == entry else json.dumps(new)


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


def user() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return f"uid {os.getuid()}"
