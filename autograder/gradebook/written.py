"""What the gradebook already holds: one line per student, kept beside it.

A killed batch has results that never reached the gradebook, and a gradebook that
could not be reached misses some too. This record, written after each commit, tells
which, without asking the database. It also holds the bonus points that came from
us, so that a person's extra credit can be told from ours, and digests of the written
answers: formgrader's Autograde removes the notebook that they could be compared with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ..base.databases import identity
from ..base.errors import ConfigError
from ..base.files import replace_file
from ..course import Course
from ..results.result import Result
from . import cells
from .database import gradebook_exists
from .folders import Folders

# student -> {"key": digest of the result, "bonus": {cell: points}, "answers": {cell: digest}}
Record = dict[str, dict[str, Any]]


class Written(Protocol):
    """What reached the gradebook of one submission."""

    @property
    def result(self) -> Result:
        """The result."""

    @property
    def answers(self) -> Mapping[str, str]:
        """Digests of the written answers."""


def unwritten(course: Course, unit: str, results: Iterable[Result]) -> list[Result]:
    """Those results that the gradebook does not hold yet; BROKEN ones never belong there."""
    folders = Folders(course)
    known = read_record(course, unit) if _can_be_asked(course) else {}
    return [
        result
        for result in results
        if result.score is not None
        and (
            known.get(result.student, {}).get("key") != key_of(course, result)
            or not folders.autograded(unit, result.student).exists()
        )
    ]


def _can_be_asked(course: Course) -> bool:
    """One that is away counts as one that holds nothing: writing to it will say what is wrong."""
    try:
        return gradebook_exists(course)
    except ConfigError:
        return False


def read_record(course: Course, unit: str) -> Record:
    """The record, or an empty one; a damaged record only means that everything is written again."""
    path = _path(course, unit)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def update_record(course: Course, unit: str, entries: Iterable[Written]) -> None:
    """Note that these are in the gradebook."""
    record = read_record(course, unit)
    for entry in entries:
        record[entry.result.student] = {
            "key": key_of(course, entry.result),
            "bonus": bonus_of(entry.result),
            "answers": dict(entry.answers),
        }
    lines = (f"{json.dumps(student)}: {json.dumps(record[student])}" for student in sorted(record))
    replace_file(_path(course, unit), "{\n" + ",\n".join(lines) + "\n}\n")


def key_of(course: Course, result: Result) -> str:
    """A digest of everything in a result that reaches the gradebook, and of which gradebook that is."""
    content = replace(result, seconds=0.0).to_json()
    where = identity(course.gradebook) if course.gradebook else ""
    return hashlib.sha256(f"{content}{where}".encode("utf-8", "surrogatepass")).hexdigest()


def bonus_of(result: Result) -> Mapping[str, float]:
    """Bonus points by graded cell."""
    earned: dict[str, float] = {}
    for check in result.checks:
        if check.bonus:
            name = cells.PREFIX + check.task
            earned[name] = round(earned.get(name, 0.0) + check.earned, 6)
    return earned


def _path(course: Course, unit: str) -> Path:
    return Folders(course).root / "written" / f"{unit}.json"
