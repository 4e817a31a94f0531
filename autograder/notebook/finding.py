"""Finds submitted notebooks: one file, nbgrader's folders, or a download from a learning platform.

    <student>/<unit>/<unit>.ipynb     nbgrader ("submitted", "autograded", an archive)
    student-001.ipynb                 anything else that is flat
    what platforms name               see ``platforms.py``

One file, one student's folder and all of them give the same student, and nobody's name depends on who
else is there (``naming.py``). Nothing but regular files counts: a link is found, not followed, and what
is wrong with a file is for the grader to say. What is no submission is told (``left_out.py``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..base.errors import UsageError
from ..course import Unit
from .folders import TIMESTAMP, dated, entries, notebook_in, timestamp
from .found import Found
from .left_out import left_out
from .metadata import StatedSubmission, read_metadata
from .naming import Identities
from .platforms import name_of_file, name_of_folder
from .several import is_notebook, stem, without_doubles

_DEPTH = 3  # folders between a platform's or a unit's folder and a file that is named
_COPY = r"( ?\(\d+\)|-\d+|-Copy\d+| copy( \d+)?)?"  # what browsers and Jupyter append


def find_submissions(
    paths: Sequence[Path], unit: Unit, student: str | None = None, identities: Identities | None = None
) -> list[Found]:
    """The submissions below the given paths, one per student, sorted by student.

    Args:
        paths: files and folders.
        unit: what was handed in.
        student: whose the one notebook is, whatever it is called.
        identities: the names that platforms' numbers have; new ones are added. None: nobody has one yet.

    Raises:
        UsageError: a path does not exist, nothing is found, two files claim one student, or nobody can
            say whose a notebook is.
    """
    everything = [item for path in paths for item in _laid_out(path, unit)]
    found = list({os.path.abspath(item.path): item for item in everything}.values())  # each named once
    if student is not None:
        if len(found) != 1:
            raise UsageError(f"--student goes with one notebook; {len(found)} were found")
        return [replace(found[0], student=student)]
    if not found:
        where = ", ".join(str(path) for path in paths)
        raise UsageError(
            f"no submission of {unit.name} in {where}. Expected {unit.name}.ipynb, "
            f"<student>/{unit.name}/{unit.name}.ipynb, or a flat folder of notebooks."
            + "".join(f" {sentence}" for sentence in left_out(paths, unit, found))
        )
    nobody = [str(item.path) for item in found if not item.student and item.named is None]
    if nobody:
        raise UsageError(
            f"whose is {', '.join(nobody)}? Its name says only which unit it is of. Grade it alone with "
            f"--student NAME, or put it into NAME/{unit.name}/."
        )
    named = (Identities() if identities is None else identities).all_named(found)
    return sorted(without_doubles(named, unit), key=lambda item: item.student)


def submissions_in(path: Path, unit: Unit, identities: Identities | None = None) -> list[Found]:
    """What one file or folder holds; a student may have several files in a flat one.

    Raises:
        UsageError: it does not exist or cannot be read.
    """
    return (Identities() if identities is None else identities).all_named(_laid_out(path, unit))


def _laid_out(path: Path, unit: Unit) -> list[Found]:
    """What one file or folder holds, not named yet where a platform named it."""
    try:
        if not path.is_dir():
            if not os.path.lexists(path):
                raise UsageError(f"{path} does not exist")
            return [_one_file(path, unit)]
        return _whole(path, unit)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _whole(path: Path, unit: Unit) -> list[Found]:
    place = _platform_folder(path.resolve(), unit)
    if place is not None:
        return [_stated(notebook_in(path, unit), place, read_metadata(place.parent), unit)]
    by_student = [*_nested(path, unit), *_foldered(path, unit)]  # a download may hold both
    return by_student or _own(path, unit) or _flat(path, unit)


def _one_file(path: Path, unit: Unit) -> Found:
    """A file that was named, whose student its folders or its own name tell."""
    folder = path.parent.resolve()
    place = _platform_folder(folder, unit)
    if place is not None:
        return _stated(Found("", path), place, read_metadata(place.parent), unit)
    own = _units_folder(folder, unit)
    if own is not None:
        return dated(Found(own.parent.name, path), timestamp(own), unit)
    named = name_of_file(stem(path.name), unit.name)
    if named is not None:
        return Found("", path, named=named)
    return Found(_student_of(path, unit, _is_alone(folder, unit)), path)


def _upwards(folder: Path) -> list[Path]:
    return [folder, *folder.parents][: _DEPTH + 1]


def _platform_folder(folder: Path, unit: Unit) -> Path | None:
    """The folder that a platform named, at or above this one."""
    return next((each for each in _upwards(folder) if name_of_folder(each, unit.name)), None)


def _units_folder(folder: Path, unit: Unit) -> Path | None:
    """One student's folder of the unit, at or above this one."""
    own = next((each for each in _upwards(folder) if _is_units(each, unit)), None)
    if own is None or own == folder:
        return own if own is not None and _is_one_students(own, unit) else None
    inner = own / unit.name in (folder, *folder.parents)  # the release's folder, unpacked there
    return own if (own / TIMESTAMP).is_file() or (inner and not _is_a_class(own, unit)) else None


def _is_units(folder: Path, unit: Unit) -> bool:
    """Whether it is called as the unit; of two in one another the outer one."""
    return folder.name == unit.name != folder.parent.name


def _is_one_students(folder: Path, unit: Unit) -> bool:
    """Whether a folder that is called as the unit is one student's, and not the download of a whole class."""
    there = entries(folder)
    if any(entry.name == TIMESTAMP for entry in there):
        return True  # whatever the student called the files: a name like a platform's is nobody else's
    named = any(is_notebook(entry.name) and _is_the_units(entry.name, unit) for entry in there)
    return (named or (folder / unit.name).is_dir()) and not _is_a_class(folder, unit)


def _is_a_class(folder: Path, unit: Unit) -> bool:
    """Whether a platform named what lies in it, and nbgrader did not collect it."""
    there = entries(folder)
    return not any(entry.name == TIMESTAMP for entry in there) and any(
        name_of_folder(entry, unit.name)
        if entry.is_dir()
        else is_notebook(entry.name) and name_of_file(stem(entry.name), unit.name)
        for entry in there
    )


def _is_the_units(name: str, unit: Unit) -> bool:
    """Whether a file's name says nothing but the unit's."""
    return re.fullmatch(re.escape(unit.name) + _COPY, stem(name), re.IGNORECASE) is not None


def _student_of(file: Path, unit: Unit, alone: bool) -> str:
    """Whom a flat file's own name tells; empty where it is the unit's, or alone in a unit's folder."""
    return "" if alone or _is_the_units(file.name, unit) else stem(file.name)


def _is_alone(folder: Path, unit: Unit) -> bool:
    """Whether one notebook lies in a folder that is called as the unit: renamed by its student, or the
    first of a class; nobody can say.
    """
    return folder.name == unit.name and sum(is_notebook(entry.name) for entry in entries(folder)) == 1


def _nested(path: Path, unit: Unit) -> Iterator[Found]:
    """nbgrader's layout: a folder per student with a folder per unit in it."""
    for student in entries(path):
        if student.is_dir() and (name_of_folder(student, unit.name) or student.name == unit.name):
            continue  # students unpack the release's folder there, too
        folder = student / unit.name
        closed = student.is_dir() and not os.access(student, os.X_OK)
        if closed or os.path.isdir(folder) or os.path.islink(folder):
            yield _in_folder(student.name, folder, unit, student, folder)


def _own(path: Path, unit: Unit) -> list[Found]:
    """One student's folder of nbgrader's layout, or the unit's folder in it."""
    here = path.resolve()
    folder = path / unit.name
    own = _units_folder(here, unit)
    if own is not None:
        return [dated(replace(notebook_in(path, unit), student=own.parent.name), timestamp(own), unit)]
    if _is_units(here, unit) or not folder.is_dir():
        return []
    if not folder.is_symlink() and os.access(folder, os.R_OK | os.X_OK) and _is_a_class(folder, unit):
        return _whole(folder, unit)
    return [_in_folder(here.name, folder, unit, folder)]


def _in_folder(student: str, folder: Path, unit: Unit, *may_be_links: Path) -> Found:
    link = next((place for place in may_be_links if place.is_symlink()), None)
    if link is not None:
        return Found(student, link)  # which says that it is a link
    return dated(replace(notebook_in(folder, unit), student=student), timestamp(folder), unit)


def _foldered(path: Path, unit: Unit) -> list[Found]:
    """Moodle and Gradescope: a folder per student, the notebook in it."""
    folders = [each for each in entries(path) if each.is_dir() and name_of_folder(each, unit.name)]
    stated = read_metadata(path) if folders else {}
    return [
        _stated(Found("", folder) if folder.is_symlink() else notebook_in(folder, unit), folder, stated, unit)
        for folder in folders
    ]


def _stated(found: Found, folder: Path, stated: dict[str, StatedSubmission], unit: Unit) -> Found:
    """With what the folder's name and the platform's metadata say."""
    said = stated.get(folder.name, StatedSubmission())
    found = replace(found, named=name_of_folder(folder, unit.name), people=said.people)
    return dated(found, said.created, unit)


def _flat(path: Path, unit: Unit) -> list[Found]:
    """Notebooks side by side, with the names that a platform or a person gave them."""
    files = [file for file in entries(path) if is_notebook(file.name)]
    named = {file: name_of_file(stem(file.name), unit.name) for file in files}
    alone = _is_alone(path.resolve(), unit)
    return [
        Found("", file, named=named[file]) if named[file] else Found(_student_of(file, unit, alone), file)
        for file in files
    ]
