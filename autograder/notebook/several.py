"""Several notebooks of one student, of which one should be the submission.

Jupyter's "Duplicate" and browsers that download twice leave copies behind. Where exactly one of them is not
as it was released, it is the student's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..base.errors import ConfigError, Unreadable, UsageError
from ..course import Unit
from .found import Found, listing
from .healing import read_submission
from .release import Release, read_release

ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # browsers and systems append what they take it for


def is_notebook(name: str) -> bool:
    """Whether a file is a notebook by its name."""
    return name.lower().endswith(ENDINGS)


def stem(name: str) -> str:
    """The name of a notebook without its ending; of another file, up to its last point."""
    ending = next((ending for ending in reversed(ENDINGS) if name.lower().endswith(ending)), "")
    return name[: -len(ending)] if ending else Path(name).stem


def only_worked_on(notebooks: Sequence[Path], unit: Unit) -> Path | None:
    """The one that is not as it was released; None where that is none, or several, or cannot be told."""
    try:
        release = read_release(unit.released_notebook)
        changed = [path for path in notebooks if not _is_as_released(path, release)]
    except (ConfigError, Unreadable):
        return None
    return changed[0] if len(changed) == 1 else None


def _is_as_released(path: Path, release: Release) -> bool:
    """Whether a notebook holds nothing but what was released.

    Raises:
        Unreadable: it is no notebook, or another unit's.
    """
    released = {cell.plain for cell in release.cells}
    cells = read_submission(path, release).cells
    return all(not cell.plain or cell.plain in released for cell in cells)


def without_doubles(found: list[Found], unit: Unit) -> list[Found]:
    """One file for each student: the only one with work in it, where there are several.

    Raises:
        UsageError: several may be meant.
    """
    by_student: dict[str, list[Found]] = {}
    for item in found:
        by_student.setdefault(item.student, []).append(item)
    chosen = {student: _one_of(items, unit) for student, items in by_student.items()}
    several = {student: by_student[student] for student, one in chosen.items() if one is None}
    twice = [
        f"{student} has more than one submission: {', '.join(str(item.path) for item in items)}."
        for student, items in several.items()
    ]
    if twice:
        raise UsageError("\n".join([*twice, f"Keep one of {'them' if len(twice) == 1 else 'each'}."]))
    return [one for one in chosen.values() if one is not None]


def _one_of(items: list[Found], unit: Unit) -> Found | None:
    """The only one, or the only one with work in it."""
    if len(items) == 1:
        return items[0]
    paths = [item.path for item in items if item.path.is_file() and not item.path.is_symlink()]
    worked_on = only_worked_on(paths, unit) if len(paths) == len(items) else None
    return next((worked_on_only(item, paths) for item in items if item.path == worked_on), None)


def worked_on_only(found: Found, notebooks: Iterable[Path]) -> Found:
    """The one that differs from the release, and why it is this one."""
    return replace(found, note=why_this_one(found.path.name, [path.name for path in notebooks]))


def why_this_one(name: str, names: Iterable[str]) -> str:
    """Why one of several notebooks was graded."""
    others = sorted(other for other in names if other != name)
    verb = "is as it was" if len(others) == 1 else "are as they were"
    return f"{listing(others)} {verb} released; {listing([name])}, which is not, was graded"


def beside(expected: Path, notebooks: Iterable[Path]) -> str:
    """What lies beside the notebook that counts."""
    others = sorted(path.name for path in notebooks if path != expected)
    lies, was = ("lies", "was") if len(others) == 1 else ("lie", "were")
    return f"{listing(others)} {lies} beside {expected.name} and {was} not graded" if others else ""
