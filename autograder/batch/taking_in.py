"""What there is to grade: files as they were handed in, and attempts whose files are kept.

A file is copied first, and the copy is graded, so that what is stored is what was graded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from ..base.batched import batched
from ..course import Course, Unit
from ..marks.attempts import Attempt, StoredFile
from ..marks.blobs import Blobs, blobs_of
from ..marks.database import Database
from ..marks.graded import result_of, sound_contents
from ..notebook.finding import Found
from ..notebook.several import is_notebook, why_this_one
from .run import Todo

FEW = 20  # that wait for the disk together


def todos_of_files(course: Course, database: Database, unit: Unit, found: Sequence[Found]) -> Iterator[Todo]:
    """The submissions in the order given, a few copied at a time.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    most = course.limits_of(unit).notebook_mib << 20
    for few in batched(found, FEW):
        copies = _copied(blobs_of(course), few, most)
        with database.read() as connection:
            known = sound_contents(connection, unit.name, [each.student for each in few])
        for each, (item, file) in zip(few, copies, strict=True):
            yield Todo(item, known.get(each.student, {}), file)


def todos_of_attempts(
    course: Course, database: Database, unit: Unit, attempts: Sequence[Attempt]
) -> Iterator[Todo]:
    """Attempts to be graded anew, from the copies that are kept of their files.

    One whose file could not be read when it came has none: why is known, and it is judged by that.
    """
    for few in batched(attempts, FEW):
        with database.read() as connection:
            known = sound_contents(connection, unit.name, [each.student for each in few])
            found = [
                handed_in(blobs_of(course), each)
                if each.notebook is not None
                else Found(each.student, Path(), each.submitted, wrong=_why(connection, each))
                for each in few
            ]
        for each, item in zip(few, found, strict=True):
            yield Todo(item, known.get(each.student, {}), attempt=each, sealed=each.from_files)


def handed_in(blobs: Blobs, attempt: Attempt) -> Found:
    """An attempt whose file is kept, as a submission."""
    notebook = attempt.notebook
    assert notebook is not None
    path = blobs.path(notebook.sha256)
    found = Found(attempt.student, path, attempt.submitted, called=notebook.path)
    if not notebook.alone:
        return found
    names = [file.path for file in attempt.files if is_notebook(file.path)]
    return replace(found, note=why_this_one(notebook.path, names))


def _copied(blobs: Blobs, few: Sequence[Found], most: int) -> list[tuple[Found, StoredFile | None]]:
    """Each with its copy; what cannot be read, or is no file of a possible size, stays what it is."""
    copies: list[tuple[Found, StoredFile | None]] = []
    with blobs.together() as put:
        for found in few:
            content = None if found.wrong else _content(found.path, most)
            if content is None:
                copies.append((found, None))
                continue
            sha256 = put(content)
            item = replace(found, path=blobs.path(sha256), called=found.name)
            copies.append((item, StoredFile(found.name, sha256, len(content))))
    return copies


def _content(path: Path, most: int) -> bytes | None:
    """The bytes of a regular file, no link followed and no pipe waited for; None where there are none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        try:
            content = file.read(most + 1)
        except OSError:
            return None
    return content if len(content) <= most else None


def _why(connection: Connection, attempt: Attempt) -> str:
    """What was wrong with an attempt of which no file is kept."""
    result = result_of(connection, attempt.id)
    return next((check.reason for check in result.checks), "") if result is not None else ""
