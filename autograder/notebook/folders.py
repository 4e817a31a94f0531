"""What one folder holds: the notebook that counts, what lies beside it, and when it was handed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..course import Unit
from .found import Found, listing
from .platforms import METADATA
from .several import beside, is_notebook, only_worked_on, worked_on_only
from .times import read_time

TIMESTAMP = "timestamp.txt"  # nbgrader's
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".xz")
NOTEBOOK = ".ipynb"
_IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__"}
# What platforms, systems and the release itself put beside a notebook.
_HELPERS = {TIMESTAMP, METADATA, "requirements.txt", "Thumbs.db", "desktop.ini"}
_MOST_FILES = 1000  # below one folder that are looked through


def entries(path: Path) -> list[Path]:
    """What lies in a folder and is not hidden, by name."""
    return sorted(entry for entry in path.iterdir() if not is_hidden(entry.name))


def is_hidden(name: str) -> bool:
    """Whether editors, systems or archives left it behind."""
    return name in _IGNORED or name.startswith(".")


def is_helper(entry: Path, unit: Unit) -> bool:
    """Whether nobody handed it in: a platform or the release put it there."""
    return entry.name in _HELPERS or entry.name in unit.files


def files_below(folder: Path) -> Iterator[Path]:
    """All files at any depth that are not hidden, links to folders not followed; at most some thousand."""
    left = _MOST_FILES
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        yield from (Path(here, name) for name in sorted(files) if not is_hidden(name))
        left -= len(files) + 1
        if left < 0:
            return


def notebook_in(folder: Path, unit: Unit) -> Found:
    """The unit's notebook, or the only other one, which a browser may have renamed; of several the one
    with work in it. Where there is none, what is wrong: what the folder holds instead.
    """
    expected = folder / f"{unit.name}{NOTEBOOK}"
    if _is_odd(expected) or not os.access(folder, os.R_OK | os.X_OK):
        return Found("", expected)  # reading it says where it cannot be opened
    there = [entry for entry in entries(folder) if not is_helper(entry, unit)]
    notebooks = _regular([entry for entry in there if is_notebook(entry.name)] or _below(folder))
    if len(notebooks) == 1:
        return Found("", notebooks[0])
    worked_on = only_worked_on(notebooks, unit) if notebooks else None
    if worked_on is not None and worked_on != expected:
        return worked_on_only(Found("", worked_on), notebooks)
    if worked_on is not None:
        return Found("", expected)
    if expected in notebooks:
        return Found("", expected, note=beside(expected, notebooks))
    return Found("", expected, wrong=_what_is_there(folder, notebooks, there, expected.name))


def dated(found: Found, text: str, unit: Unit) -> Found:
    """With the time that was written beside it; one that cannot be read is told, and costs nothing."""
    if not text.strip():
        return found
    moment = read_time(text, unit.due)
    if moment is not None:
        return replace(found, submitted=moment.isoformat())
    unread = listing([text.strip()])
    said = f"the time of handing in cannot be read ({unread}), so nothing was taken for lateness"
    return replace(found, unread_time=unread, note="; ".join(filter(None, (found.note, said))))


def timestamp(folder: Path) -> str:
    """What nbgrader wrote as the time of handing in; empty where nothing is written."""
    file = folder / TIMESTAMP
    if not os.path.isfile(file) or file.is_symlink() or not os.access(file, os.R_OK):
        return ""
    return file.read_text(errors="replace")[:100]


def _is_odd(path: Path) -> bool:
    """Whether it is there and no regular file."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_file())


def _regular(notebooks: list[Path]) -> list[Path]:
    """Those that are no links, where there are any: a link is never followed."""
    return [path for path in notebooks if not _is_odd(path)] or notebooks


def _below(folder: Path) -> list[Path]:
    return [file for file in files_below(folder) if is_notebook(file.name)]


def _what_is_there(folder: Path, notebooks: list[Path], there: list[Path], expected: str) -> str:
    if notebooks:
        names = listing([str(notebook.relative_to(folder)) for notebook in notebooks])
        named = any(notebook.name == expected for notebook in notebooks)
        which = "it is not clear which one counts" if named else f"none is called {expected}"
        return f"The folder holds {len(notebooks)} notebooks ({names}) and {which}: hand in one."
    if not there:
        return f"The folder is empty: hand in {expected}."
    unpack = "unpack it and " if any(entry.name.lower().endswith(ARCHIVES) for entry in there) else ""
    names = listing([entry.name for entry in there])
    return f"The folder holds no notebook, but {names}: {unpack}hand in {expected}."
