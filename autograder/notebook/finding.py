"""Finds submitted notebooks: one file, nbgrader's folders, or a download from an LMS.

    <student>/<unit>/<unit>.ipynb                    nbgrader ("submitted", "autograded", an archive)
    doejane_LATE_1234_567_conv_layer-1.ipynb         Canvas, flat
    Jane Doe_1234567_assignsubmission_file_/x.ipynb  Moodle, a folder per student (older ones end in "file")
    Jane Doe_1234567_assignsubmission_file_x.ipynb   Moodle, flat
    submission_123456/conv_layer.ipynb               Gradescope
    student-001.ipynb                                anything else that is flat

Two students of one name get the platform's number behind it. Nothing but regular files
counts: a link is found, not followed, and what is wrong with a file is for the grader to say.
Nothing that was handed in vanishes without a word: ``left_out`` tells what is no submission.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..base.errors import UsageError
from ..course import Unit
from .found import Found, listing
from .several import beside, is_notebook, only_worked_on, stem, without_doubles, worked_on_only

_CANVAS = re.compile(r"(?P<who>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_.+")
_MOODLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_file(?:_.*)?")
_GRADESCOPE = re.compile(r"(?P<who>submission_(?P<id>\d+))")
_IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__"}
# What platforms, systems and the release itself put beside a notebook.
_HELPERS = {"timestamp.txt", "submission_metadata.yml", "requirements.txt", "Thumbs.db", "desktop.ini"}
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".xz")
_NOTEBOOK = ".ipynb"
_MOST_FILES = 1000  # below one folder that are looked through
_MOST_NAMES = 5  # that a sentence lists


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
            + "".join(f" {sentence}" for sentence in left_out(paths, unit, found))
        )
    return sorted(without_doubles(found, unit), key=lambda item: item.student)


def submissions_in(path: Path, unit: Unit) -> list[Found]:
    """What one file or folder holds; a student may have several files in a flat one.

    Raises:
        UsageError: it does not exist or cannot be read.
    """
    try:
        if not path.is_dir():
            if not os.path.lexists(path):
                raise UsageError(f"{path} does not exist")
            found = [Found(stem(path.name), path)]
        else:
            by_student = [*_nested(path, unit), *_foldered(path, unit)]  # a download may hold both
            found = by_student or _own(path, unit) or _flat(path)
        return [replace(item, student=_printable(item.student)) for item in found]
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _nested(path: Path, unit: Unit) -> Iterator[Found]:
    """nbgrader's layout: a folder per student with a folder per unit in it."""
    for student in _entries(path):
        if _platform(student) and student.is_dir():
            continue  # students unpack the release's folder there, too
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
    return replace(_notebook_in(folder, unit), student=student, submitted=_timestamp(folder))


def _foldered(path: Path, unit: Unit) -> list[Found]:
    """Moodle and Gradescope: a folder per student, the notebook in it."""
    found: list[tuple[Found, re.Match[str] | None]] = []
    for folder in _entries(path):
        match = _platform(folder)
        if match and folder.is_dir():
            notebook = Found("", folder) if folder.is_symlink() else _notebook_in(folder, unit)
            found.append((notebook, match))
    return _named(found)


def _platform(folder: Path) -> re.Match[str] | None:
    """The name that Moodle or Gradescope gave to a student's folder."""
    return _MOODLE.fullmatch(folder.name) or _GRADESCOPE.fullmatch(folder.name)


def _flat(path: Path) -> list[Found]:
    """Notebooks side by side, with the names that a platform or a person gave them."""
    files = [file for file in _entries(path) if _is_notebook(file)]
    names = {file: stem(file.name) for file in files}
    return _named(
        [
            (Found(name, file), _MOODLE.fullmatch(name) or _CANVAS.fullmatch(name))
            for file, name in names.items()
        ]
    )


def _named(files: list[tuple[Found, re.Match[str] | None]]) -> list[Found]:
    """The platform's short names, with its number for the student only where two share a name."""
    numbers: dict[str, set[str]] = {}
    for _, match in files:
        if match:
            numbers.setdefault(match["who"], set()).add(match["id"])
    return [
        replace(found, student=_short_name(match, len(numbers[match["who"]]) > 1)) if match else found
        for found, match in files
    ]


def _printable(name: str) -> str:
    """A name that can stand in any text and on any terminal; bytes that are no UTF-8 as they are written."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _short_name(match: re.Match[str], shared: bool) -> str:
    return f"{match['who']}_{match['id']}" if shared else match["who"]


def _entries(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not _is_hidden(entry.name))


def _is_hidden(name: str) -> bool:
    return name in _IGNORED or name.startswith(".")


def _is_notebook(file: Path) -> bool:
    return is_notebook(file.name)


def _notebook_in(folder: Path, unit: Unit) -> Found:
    """The unit's notebook, or the only other one, which a browser may have renamed; of several the one
    with work in it. Where there is none, what is wrong: what the folder holds instead.
    """
    expected = folder / f"{unit.name}{_NOTEBOOK}"
    if _is_odd(expected) or not os.access(folder, os.R_OK | os.X_OK):
        return Found("", expected)  # reading it says where it cannot be opened
    entries = [entry for entry in _entries(folder) if not _is_helper(entry, unit)]
    notebooks = [entry for entry in entries if _is_notebook(entry)] or _below(folder)
    if len(notebooks) == 1:
        return Found("", notebooks[0])
    worked_on = only_worked_on(notebooks, unit) if notebooks else None
    if worked_on is not None and worked_on != expected:
        return worked_on_only(Found("", worked_on), notebooks)
    if worked_on is not None:
        return Found("", expected)
    if expected in notebooks:
        return Found("", expected, note=beside(expected, notebooks))
    return Found("", expected, wrong=_what_is_there(folder, notebooks, entries, expected.name))


def _is_odd(path: Path) -> bool:
    """Whether it is there and no regular file."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_file())


def _what_is_there(folder: Path, notebooks: list[Path], entries: list[Path], expected: str) -> str:
    if notebooks:
        names = listing([str(notebook.relative_to(folder)) for notebook in notebooks])
        named = any(notebook.name == expected for notebook in notebooks)
        which = "it is not clear which one counts" if named else f"none is called {expected}"
        return f"The folder holds {len(notebooks)} notebooks ({names}) and {which}: hand in one."
    if not entries:
        return f"The folder is empty: hand in {expected}."
    unpack = "unpack it and " if any(entry.name.lower().endswith(_ARCHIVES) for entry in entries) else ""
    names = listing([entry.name for entry in entries])
    return f"The folder holds no notebook, but {names}: {unpack}hand in {expected}."


def _below(folder: Path) -> list[Path]:
    """The notebooks at any depth below a folder, links to folders not followed."""
    found: list[Path] = []
    left = _MOST_FILES
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        found += [
            Path(here, name) for name in sorted(files) if not _is_hidden(name) and _is_notebook(Path(name))
        ]
        left -= len(files) + 1
        if left < 0:
            break
    return found


def left_out(paths: Iterable[Path], unit: Unit, found: Iterable[Found]) -> list[str]:
    """One sentence for each kind of thing that lies among submissions and is none of them."""
    taken = {place for item in found for place in (item.path, *item.path.parents)}
    folders: list[str] = []
    notebooks: list[str] = []
    others: list[str] = []
    searched = [path for path in paths if path.is_dir()]
    for entry in (entry for path in searched for entry in _entries(path)):
        if entry in taken or _is_helper(entry, unit):
            continue
        if not entry.is_dir():
            (notebooks if _is_notebook(entry) else others).append(entry.name)
        elif not entry.is_symlink() and _was_handed_in(entry, unit):
            folders.append(entry.name)
    expected = f"<student>/{unit.name}/{unit.name}{_NOTEBOOK}"
    beside = "Name it on the command line if it is a submission."
    return [
        *_told(
            folders, "folder matches no layout and", "folders match no layout and", f"Expected {expected}."
        ),
        *_told(
            notebooks,
            "notebook lies beside students' folders and",
            "notebooks lie beside students' folders and",
            beside,
        ),
        *_told(others, "file is no notebook and", "files are no notebooks and", "Ask for the .ipynb."),
    ]


def _told(names: list[str], one: str, several: str, then: str) -> list[str]:
    """A sentence about the names, if there are any."""
    if not names:
        return []
    what = f"1 {one} was" if len(names) == 1 else f"{len(names)} {several} were"
    return [f"{what} not graded: {listing(sorted(names))}. {then}"]


def _was_handed_in(folder: Path, unit: Unit) -> bool:
    """Whether a folder holds a notebook that is no other unit's in nbgrader's layout, or an archive."""
    depth = 2 if (folder.parent / unit.name).is_dir() else 3  # in one student's folder, or in that of all
    for notebook in _below(folder):
        parts = (folder.name, *notebook.relative_to(folder).parts)
        if len(parts) != depth or parts[-2] != notebook.stem:
            return True
    readable = os.access(folder, os.R_OK | os.X_OK)
    return readable and any(entry.name.lower().endswith(_ARCHIVES) for entry in _entries(folder))


def _is_helper(entry: Path, unit: Unit) -> bool:
    return entry.name in _HELPERS or entry.name in unit.files


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
