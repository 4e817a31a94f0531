"""Finds submitted notebooks: one file, nbgrader's folders, or a download from an LMS.

    <student>/<unit>/<unit>.ipynb                    nbgrader ("submitted", "autograded", an archive)
    doejane_LATE_1234_567_conv_layer-1.ipynb         Canvas, flat
    Jane Doe_1234567_assignsubmission_file_/x.ipynb  Moodle, a folder per student
    Jane Doe_1234567_assignsubmission_file_x.ipynb   Moodle, flat
    submission_123456/conv_layer.ipynb               Gradescope
    student-001.ipynb                                anything else that is flat

Two students of one name get the platform's number behind it. Nothing but regular files
counts: a link is found, not followed, and what is wrong with a file is for the grader to say.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from .course import Unit
from .errors import UsageError

_CANVAS = re.compile(r"(?P<who>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_.+")
_MOODLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_file_.*")
_GRADESCOPE = re.compile(r"(?P<who>submission_(?P<id>\d+))")
_IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__"}


@dataclass(frozen=True)
class Found:
    """One student's submission for one unit."""

    student: str
    path: Path  # may not exist or be no regular file: then the result says so
    submitted: str | None = None  # ISO 8601, from nbgrader's timestamp.txt


def find_submissions(paths: Iterable[Path], unit: Unit, student: str | None = None) -> list[Found]:
    """The submissions below the given paths, one per student, sorted by student.

    Raises:
        UsageError: a path does not exist, nothing is found, or two files claim one student.
    """
    found = [item for path in paths for item in submissions_in(path, unit)]
    if student is not None:
        if len(found) != 1:
            raise UsageError(f"--student goes with one notebook; {len(found)} were found")
        found = [replace(found[0], student=student)]
    if not found:
        where = ", ".join(str(path) for path in paths)
        raise UsageError(
            f"no submission of {unit.name} in {where}. Expected {unit.name}.ipynb, "
            f"<student>/{unit.name}/{unit.name}.ipynb, or a flat folder of notebooks."
        )
    _refuse_doubles(found)
    return sorted(found, key=lambda item: item.student)


def submissions_in(path: Path, unit: Unit) -> list[Found]:
    """What one file or folder holds; a student may have several files in a flat one.

    Raises:
        UsageError: it does not exist or cannot be read.
    """
    try:
        if path.is_symlink() or not path.is_dir():
            if not os.path.lexists(path):
                raise UsageError(f"{path} does not exist")
            return [Found(path.stem, path)]
        return list(_nested(path, unit)) or _foldered(path, unit) or _own(path, unit) or _flat(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _nested(path: Path, unit: Unit) -> Iterator[Found]:
    """nbgrader's layout: a folder per student with a folder per unit in it."""
    for student in _entries(path):
        folder = student / unit.name
        closed = student.is_dir() and not os.access(student, os.X_OK)
        if closed or os.path.isdir(folder) or os.path.islink(folder):
            yield _in_folder(student.name, student, folder, unit)


def _own(path: Path, unit: Unit) -> list[Found]:
    """One student's folder of nbgrader's layout."""
    folder = path / unit.name
    return [_in_folder(path.resolve().name, folder, folder, unit)] if folder.is_dir() else []


def _in_folder(student: str, outer: Path, folder: Path, unit: Unit) -> Found:
    link = next((place for place in (outer, folder) if place.is_symlink()), None)
    if link is not None:
        return Found(student, link)  # which says that it is a link
    return Found(student, _notebook_in(folder, unit), _timestamp(folder))


def _foldered(path: Path, unit: Unit) -> list[Found]:
    """Moodle and Gradescope: a folder per student, the notebook in it."""
    found: list[tuple[Path, re.Match[str] | None]] = []
    for folder in _entries(path):
        match = _MOODLE.fullmatch(folder.name) or _GRADESCOPE.fullmatch(folder.name)
        if match and folder.is_dir():
            found.append((folder if folder.is_symlink() else _notebook_in(folder, unit), match))
    return _named(found)


def _flat(path: Path) -> list[Found]:
    """Notebooks side by side, with the names that a platform or a person gave them."""
    files = [file for file in _entries(path) if file.suffix.lower() == ".ipynb"]
    return _named([(file, _MOODLE.fullmatch(file.stem) or _CANVAS.fullmatch(file.stem)) for file in files])


def _named(files: list[tuple[Path, re.Match[str] | None]]) -> list[Found]:
    """The platform's short names, with its number for the student only where two share a name."""
    numbers: dict[str, set[str]] = {}
    for _, match in files:
        if match:
            numbers.setdefault(match["who"], set()).add(match["id"])
    return [
        Found(_short_name(match, len(numbers[match["who"]]) > 1) if match else file.stem, file)
        for file, match in files
    ]


def _short_name(match: re.Match[str], shared: bool) -> str:
    return f"{match['who']}_{match['id']}" if shared else match["who"]


def _entries(path: Path) -> list[Path]:
    return sorted(e for e in path.iterdir() if e.name not in _IGNORED and not e.name.startswith("."))


def _notebook_in(folder: Path, unit: Unit) -> Path:
    """The unit's notebook, or the only other one, which a browser may have renamed."""
    expected = folder / f"{unit.name}.ipynb"
    if not os.access(folder, os.R_OK | os.X_OK):
        return expected  # which says that it cannot be opened
    others = [file for file in _entries(folder) if file.suffix.lower() == ".ipynb"]
    return others[0] if not os.path.lexists(expected) and len(others) == 1 else expected


def _timestamp(folder: Path) -> str | None:
    file = folder / "timestamp.txt"
    if not os.path.isfile(file) or file.is_symlink() or not os.access(file, os.R_OK):
        return None
    text = file.read_text(errors="replace")[:100].strip().removesuffix(" UTC").removesuffix(" GMT")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.isoformat() if moment.tzinfo else moment.isoformat() + "+00:00"


def _refuse_doubles(found: list[Found]) -> None:
    counts = Counter(item.student for item in found)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        files = ", ".join(str(item.path) for item in found if item.student == twice[0])
        raise UsageError(f"{twice[0]} has more than one submission: {files}. Keep one of them.")
