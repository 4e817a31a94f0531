"""From results to everything nbgrader needs: notebooks, times and rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from ..base.digest import digest_of
from ..base.errors import CourseError
from ..base.files import replaced_together
from ..course import Course, Unit
from ..results.audit import record
from ..results.disclosure import Shown, as_student, shown_at_last
from ..results.late import parse_time
from ..results.result import Result
from . import cells, notebooks
from .assignment import ensure_assignment
from .database import one_writer, open_tables
from .folders import Folders
from .rows import BookedEntry, Template, read_template, write_rows
from .written import Record, read_record, update_record

AT_ONCE = 50  # submissions whose files wait for the disk together; a kill leaves that many half done
Put = Callable[[Path, bytes], None]  # gives a file new content
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
    with one_writer(course), open_tables(course) as db:
        template = read_template(db, unit.name)
        entries, refused = _entries(course, unit, template, sound)
        changes = write_rows(db, course, unit, template, entries)
        changed = record(
            course, unit.name, changes
        )  # before the commit: rather a line too many than one too few
        db.commit()
        update_record(course, unit.name, entries)
    return Summary(written=len(entries), changed=changed, broken=broken, refused=refused)


def _broken(result: Result) -> bool:
    return result.broken or result.score is None


def _entries(
    course: Course, unit: Unit, template: Template, sound: list[tuple[Result, Submitted]]
) -> tuple[list[BookedEntry], tuple[str, ...]]:
    entries: list[BookedEntry] = []
    refused: list[str] = []
    pages = _Pages.of(course, unit)
    for start in range(0, len(sound), AT_ONCE):
        with replaced_together() as put:
            for result, submitted in sound[start : start + AT_ONCE]:
                try:
                    scores = cells.scores(result, template.worth)
                except CourseError as error:
                    refused.append(str(error))
                else:
                    entries.append(pages.show(result, scores, submitted, put))
    return entries, tuple(refused)


@dataclass(frozen=True)
class _Pages:
    """The notebooks and times that formgrader shows, and what is the same for all of them."""

    folders: Folders
    unit: str
    limit_bytes: int  # of a submitted file
    frame: notebooks.Frame
    asked: Mapping[str, notebooks.Cell]  # cells of written answers by name
    open_: Shown  # nbgrader's feedback shows all of it
    known: Record

    @classmethod
    def of(cls, course: Course, unit: Unit) -> _Pages:
        """Those of a unit."""
        folders = Folders(course)
        frame = notebooks.Frame.of(json.loads(folders.release(unit.name).read_text(encoding="utf-8")))
        return cls(
            folders=folders,
            unit=unit.name,
            limit_bytes=course.limits_of(unit).notebook_mib << 20,
            frame=frame,
            asked={name: cell for name, cell in frame.cells.items() if _is_written(cell)},
            open_=shown_at_last(course.disclosure),
            known=read_record(course, unit.name),
        )

    def show(
        self, result: Result, scores: Mapping[str, float], submitted: Submitted, put: Put
    ) -> BookedEntry:
        """Write the notebook and the time of one submission; returns what the rows need to know."""
        path = self.folders.autograded(self.unit, result.student)
        seen = as_student(result, self.open_)
        notebook = notebooks.present(self.frame, self._read(submitted), seen)
        given = notebooks.answers(notebook) if self.asked else {}
        answers = self._digests(given)
        known = self.known.get(result.student, {})
        # A record of before it held answers leaves the notebook that formgrader showed last.
        earlier = known.get("answers") or (self._digests(_previous(path)) if self.asked else {})
        # without an indent: that would take three times as long, and no person reads the file itself
        _renew(put, path, json.dumps(notebook, sort_keys=True))
        moment = parse_time(result.submitted)
        if moment is not None:
            stamp = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
            _renew(put, self.folders.timestamp(self.unit, result.student), stamp)
        return BookedEntry(
            result=result,
            scores=scores,
            checks=cells.by_task(seen),
            written={name: notebooks.unanswered(given[name], cell) for name, cell in self.asked.items()},
            answers=answers,
            changed=frozenset(name for name in answers if earlier.get(name) != answers[name]),
            last_bonus=known.get("bonus", {}),
        )

    def _digests(self, notebook: Mapping[str, notebooks.Cell]) -> dict[str, str]:
        """Of the written answers among these cells."""
        found = {name: notebooks.source(notebook[name]) for name in self.asked if name in notebook}
        return {name: digest_of(text) for name, text in found.items()}

    def _read(self, submitted: Submitted) -> dict[str, Any] | None:
        if isinstance(submitted, Path):
            return notebooks.read_submitted(submitted, self.limit_bytes)
        return dict(submitted) if submitted is not None else None


def _is_written(cell: dict[str, Any]) -> bool:
    mark = cell["metadata"]["nbgrader"]
    return bool(mark.get("grade") and mark.get("solution"))


def _renew(put: Put, path: Path, line: str) -> None:
    """Write a file, unless it already is what it is to be and need not reach the disk again."""
    content = f"{line}\n".encode()
    if not _holds(path, content):
        put(path, content)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def _previous(path: Path) -> dict[str, notebooks.Cell]:
    """The cells of the last graded submission."""
    before = notebooks.read_submitted(path, 100 << 20) if path.exists() else None
    return notebooks.answers(before) if before else {}
