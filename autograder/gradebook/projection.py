"""From results to everything nbgrader needs: notebooks, times and rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from ..audit import record
from ..course import Course, Unit
from ..disclosure import as_student, shown_at_last
from ..errors import CourseError
from ..late import parse_time
from ..results import write_atomically
from ..verdicts import Result
from . import cells, notebooks
from .assignment import ensure_assignment
from .database import one_writer, open_gradebook, quiet
from .folders import Folders
from .rows import Entry, Template, read_template, write_rows
from .written import read_record, update_record

Submitted = Path | Mapping[str, Any] | None  # the submitted file, the healed notebook, or neither


@dataclass(frozen=True)
class Summary:
    """What a projection did."""

    written: int = 0  # submissions whose rows were written
    changed: int = 0  # marks that changed; each is in the audit record
    broken: tuple[str, ...] = ()  # students without a score by a fault of ours: nothing was stored
    refused: tuple[str, ...] = ()  # why a result was not written


def project(course: Course, unit: Unit, graded: Iterable[tuple[Result, Submitted]]) -> Summary:
    """Write results into the gradebook in one transaction, and the notebooks that formgrader shows.

    A BROKEN result stores nothing, and an odd one is refused, without keeping the others back.

    Raises:
        ConfigError: the assignment cannot be made, or the database cannot be reached.
    """
    pairs = list(graded)
    sound = [(result, submitted) for result, submitted in pairs if not _broken(result)]
    broken = tuple(result.student for result, _ in pairs if _broken(result))
    if not sound:
        return Summary(broken=broken)
    ensure_assignment(course, unit)
    with one_writer(course), quiet(), open_gradebook(course) as gradebook:
        template = read_template(gradebook, unit.name)
        entries, refused = _entries(course, unit, template, sound)
        changes = write_rows(gradebook.db, course, unit, template, entries)
        changed = record(
            course, unit.name, changes
        )  # before the commit: rather a line too many than one too few
        gradebook.db.commit()
        update_record(course, unit.name, [entry.result for entry in entries])
    return Summary(written=len(entries), changed=changed, broken=broken, refused=refused)


def _broken(result: Result) -> bool:
    return result.broken or result.score is None


def _entries(
    course: Course, unit: Unit, template: Template, sound: list[tuple[Result, Submitted]]
) -> tuple[list[Entry], tuple[str, ...]]:
    release = json.loads(Folders(course).release(unit.name).read_text(encoding="utf-8"))
    known = read_record(course, unit.name)
    entries: list[Entry] = []
    refused: list[str] = []
    for result, submitted in sound:
        try:
            cells.scores(result, template.worth)
        except CourseError as error:
            refused.append(str(error))
            continue
        last_bonus = known.get(result.student, {}).get("bonus", {})
        entries.append(show(course, unit, release, result, submitted, last_bonus))
    return entries, tuple(refused)


def show(
    course: Course,
    unit: Unit,
    release: dict[str, Any],
    result: Result,
    submitted: Submitted,
    last_bonus: Mapping[str, float],
) -> Entry:
    """Write the notebook and the time that formgrader shows; returns what the rows need to know."""
    folders = Folders(course)
    path = folders.autograded(unit.name, result.student)
    before = _previous(path)
    seen = as_student(result, shown_at_last(course.disclosure))  # nbgrader's feedback shows all of it
    notebook = notebooks.present(release, _read(course, unit, submitted), seen)
    write_atomically(path, json.dumps(notebook, indent=1, sort_keys=True) + "\n")
    moment = parse_time(result.submitted)
    if moment is not None:
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        write_atomically(folders.timestamp(unit.name, result.student), stamp + "\n")
    asked = {name: cell for name, cell in notebooks.answers(release).items() if _is_written(cell)}
    given, earlier = notebooks.answers(notebook), notebooks.answers(before) if before else {}
    return Entry(
        result=result,
        seen=seen,
        written={name: notebooks.unanswered(given[name], cell) for name, cell in asked.items()},
        changed=frozenset(name for name in asked if _differs(earlier.get(name), given[name])),
        last_bonus=last_bonus,
    )


def _differs(earlier: dict[str, Any] | None, given: dict[str, Any]) -> bool:
    return earlier is None or notebooks.source(earlier) != notebooks.source(given)


def _is_written(cell: dict[str, Any]) -> bool:
    mark = cell["metadata"]["nbgrader"]
    return bool(mark.get("grade") and mark.get("solution"))


def _read(course: Course, unit: Unit, submitted: Submitted) -> dict[str, Any] | None:
    if isinstance(submitted, Path):
        return notebooks.read_submitted(submitted, course.limits_of(unit).notebook_mib << 20)
    return dict(submitted) if submitted is not None else None


def _previous(path: Path) -> dict[str, Any] | None:
    return notebooks.read_submitted(path, 100 << 20) if path.exists() else None
