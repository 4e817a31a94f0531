"""The notebooks and times that formgrader shows: files beside the rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from ..course import Course, Unit
from ..marks.blobs import Blobs, blobs_of
from ..results.disclosure import Shown, as_student, shown_at_last
from ..results.late import parse_time
from ..results.result import Result
from . import notebooks
from .counted import Counted
from .folders import Folders

Put = Callable[[Path, bytes], None]  # gives a file new content


@dataclass(frozen=True)
class NotebookPages:
    """The notebooks and times that formgrader shows, and what is the same for all of them."""

    folders: Folders
    unit: str
    limit_bytes: int  # of a submitted file
    frame: notebooks.Frame
    open_: Shown  # nbgrader's feedback shows all of it
    blobs: Blobs

    @classmethod
    def of(cls, course: Course, unit: Unit) -> NotebookPages:
        """Those of a unit."""
        folders = Folders(course)
        return cls(
            folders=folders,
            unit=unit.name,
            limit_bytes=course.limits_of(unit).notebook_mib << 20,
            frame=notebooks.Frame.of(json.loads(folders.release(unit.name).read_text(encoding="utf-8"))),
            open_=shown_at_last(course.disclosure),
            blobs=blobs_of(course),
        )

    def show(self, counted: Counted, put: Put) -> None:
        """Write the notebook and the time of one student."""
        student = counted.mark.student
        path, stamp = self.folders.autograded(self.unit, student), self.folders.timestamp(self.unit, student)
        # Of an attempt of an older release only the result was left; its notebook may stand there already.
        if counted.attempt.notebook is not None or counted.attempt.sha256 or not path.exists():
            # without an indent: that would take three times as long, and no person reads the file itself
            _renew(put, path, json.dumps(self.present(counted), sort_keys=True))
        moment = parse_time(counted.attempt.submitted)
        if moment is not None:
            _renew(put, stamp, moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"))
        else:
            stamp.unlink(missing_ok=True)

    def present(self, counted: Counted, otherwise: Path | None = None) -> dict[str, Any]:
        """The notebook to show; ``otherwise`` is read where none of the attempt is kept."""
        file = counted.attempt.notebook
        path = otherwise if file is None else self.blobs.path(file.sha256)
        submitted = None if path is None else notebooks.read_submitted(path, self.limit_bytes)
        return notebooks.present(self.frame, submitted, self.seen(counted))

    def seen(self, counted: Counted) -> Result:
        """What of the result the course ever shows to students."""
        return as_student(counted.result, self.open_)


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
