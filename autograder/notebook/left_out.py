"""What staff are told of a folder before anything is graded: nothing that was handed in vanishes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..course import Unit
from .folders import NOTEBOOK, entries, files_below, is_helper, is_hidden
from .found import Found, listing
from .platforms import name_of_folder
from .several import is_notebook


def remarks(paths: Sequence[Path], unit: Unit, found: Sequence[Found]) -> list[str]:
    """What lies among submissions and is none, times that cannot be read, and groups."""
    return [*left_out(paths, unit, found), *_unread_times(found), *_groups(found)]


def left_out(paths: Iterable[Path], unit: Unit, found: Iterable[Found]) -> list[str]:
    """One sentence for each kind of thing that lies among submissions and is none of them."""
    listed = list(found)
    taken = {place for item in listed for place in (item.path, *item.path.parents)}
    folders: list[str] = []
    notebooks: list[str] = []
    others: list[str] = []
    whole = [path for path in paths if path.is_dir() and not _is_one_students(path, listed, unit)]
    whole += [path / unit.name for path in whole if _is_a_class(path / unit.name, listed)]
    for entry in (entry for path in whole for entry in _all_entries(path)):
        if entry in taken or is_helper(entry, unit):
            continue
        if not entry.is_dir():
            (notebooks if is_notebook(entry.name) else others).append(entry.name)
        elif _was_handed_in(entry, unit):
            folders.append(entry.name)
    notebooks += _beside_the_unit(listed, unit)
    expected = f"Expected <student>/{unit.name}/{unit.name}{NOTEBOOK}."
    name_it = "Name it on the command line if it is a submission."
    lies, lie = "lies beside students' folders", "lie beside students' folders"
    return [
        *_told(folders, "folder matches no layout and", "folders match no layout and", expected),
        *_told(notebooks, f"notebook {lies} and", f"notebooks {lie} and", name_it),
        *_told(others, "file is no notebook and", "files are no notebooks and", "Ask for the .ipynb."),
    ]


def _is_one_students(path: Path, found: Iterable[Found], unit: Unit) -> bool:
    """Whether a path is the folder of one submission, of which a note says what else lies there."""
    here = path.resolve()
    if name_of_folder(here, unit.name):
        return True
    return here.name == unit.name and any(
        item.named is None and item.student == here.parent.name for item in found
    )


def _is_a_class(folder: Path, found: Iterable[Found]) -> bool:
    """Whether a platform's download was unpacked there, and found."""
    return any(item.named is not None and folder in item.path.parents for item in found)


def _all_entries(path: Path) -> list[Path]:
    """What is not hidden, and hidden notebooks: one may have been saved without a name."""
    hidden = [
        entry
        for entry in path.iterdir()
        if is_hidden(entry.name) and is_notebook(entry.name) and not entry.name.startswith("._")
    ]
    return [*entries(path), *sorted(hidden)]


def _beside_the_unit(found: Iterable[Found], unit: Unit) -> list[str]:
    """Notebooks in a student's folder of nbgrader's layout, beside the unit's folder."""
    inner = {item.path.parent for item in found if item.named is None and item.path.parent.name == unit.name}
    return [
        f"{folder.parent.name}/{entry.name}"
        for folder in sorted(inner)
        if os.access(folder.parent, os.R_OK | os.X_OK)
        for entry in entries(folder.parent)
        if is_notebook(entry.name) and not entry.is_dir()
    ]


def _was_handed_in(folder: Path, unit: Unit) -> bool:
    """Whether a folder holds what nothing explains: any file but other units' in nbgrader's layout."""
    if folder.is_symlink() or not os.access(folder, os.R_OK | os.X_OK):
        return True  # nobody can say what is in it
    own = (folder.parent / unit.name).is_dir()  # of one student, where the units' folders lie side by side
    explained = _units_in(folder.parent) if own else _units_in(folder)
    if own and folder in explained:
        return False
    return any(not is_helper(file, unit) and not explained & {*file.parents} for file in files_below(folder))


def _units_in(student: Path) -> set[Path]:
    """Folders of one student that are units in nbgrader's layout: <unit>/<unit>.ipynb."""
    return {
        folder
        for folder in entries(student)
        if folder.is_dir() and not folder.is_symlink() and (folder / f"{folder.name}{NOTEBOOK}").exists()
    }


def _unread_times(found: Iterable[Found]) -> list[str]:
    unread = [f"{item.student} ({item.unread_time})" for item in found if item.unread_time]
    if not unread:
        return []
    count = "1 time of handing in" if len(unread) == 1 else f"{len(unread)} times of handing in"
    then = "Nothing is taken for lateness there: write it as 2027-01-17 12:00:00 UTC."
    return [f"{count} cannot be read: {listing(unread)}. {then}"]


def _groups(found: Iterable[Found]) -> list[str]:
    groups = [
        f"{item.student} ({', '.join(each.name or each.email or each.sid for each in item.people)})"
        for item in found
        if len(item.people) > 1
    ]
    if not groups:
        return []
    were = "1 submission is a group's" if len(groups) == 1 else f"{len(groups)} submissions are groups'"
    return [f"{were}: {listing(groups)}. 'course export grades' gives each member its mark."]


def _told(names: list[str], one: str, several: str, then: str) -> list[str]:
    """A sentence about the names, if there are any."""
    if not names:
        return []
    what = f"1 {one} was" if len(names) == 1 else f"{len(names)} {several} were"
    return [f"{what} not graded: {listing(sorted(names))}. {then}"]
