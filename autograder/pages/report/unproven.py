"""Why a unit's papers are not proven, found once for as long as no file changes that a proof speaks of.

To read all modules that decide a mark takes half a second, and the pages of staff ask each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...base.digest import engine_files
from ...course import Course, Unit

Stamps = tuple[tuple[str, int, int, int], ...]  # path, inode, time of the last change in ns, bytes


@dataclass(frozen=True)
class _Found:
    """What was found of each unit, and of which files."""

    by_unit: dict[tuple[Path, str], tuple[object, str]] = field(default_factory=dict)


_FOUND = _Found()


def why_unproven(course: Course, unit: Unit) -> str:
    """Why the papers of a unit are not proven, and what to run; empty where they are.

    Raises:
        ConfigError: the course's secret cannot be read.
    """
    from ...judge.secret import course_secret  # the judge's modules, which no other page needs
    from ...prove import why_unproven as read_all

    state, at = (course, _stamps(course, unit)), (course.root, unit.name)
    known = _FOUND.by_unit.get(at)
    if known is None or known[0] != state:
        known = state, read_all(course, unit, course_secret(course))
        _FOUND.by_unit[at] = known
    return known[1]


def _stamps(course: Course, unit: Unit) -> Stamps:
    """What changes whenever one of the files does; a file that is missing has none."""
    from ...judge.digest import imported_files

    own = [unit.reference, unit.grader, unit.mistakes, unit.master, *imported_files(unit), unit.proof]
    data = [course.data_folder / "secret", course.data_folder / "proven" / f"{unit.name}.json"]
    found = []
    for path in [*own, *data, *engine_files(".")]:
        try:
            seen = path.stat()
        except OSError:
            continue
        found.append((str(path), seen.st_ino, seen.st_mtime_ns, seen.st_size))
    return tuple(found)
