"""Which release a notebook is held against: that of the files beside it, or of the course."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import ConfigError, UsageError
from ..course import Course, Unit
from ..notebook.release import RELEASED, Release, origin, read_released


def beside_notebook(folder: Path, unit: str | None = None) -> Release:
    """The release whose files lie in a folder.

    Args:
        folder: where the student's notebook is.
        unit: refuse another unit's release.

    Raises:
        UsageError: there is none, or it belongs to another unit.
        ConfigError: its files are damaged.
    """
    path = folder / RELEASED
    if not path.is_file():
        raise UsageError(
            f"{path} is missing. Keep the notebook in the folder that you received, with its folder tests/."
        )
    release = read_released(folder)
    if unit not in (None, release.unit):
        raise UsageError(f"{folder} holds the unit {release.unit!r}, not {unit!r}")
    return release


def of_unit(course: Course, unit: Unit, version: str | None = None) -> Release:
    """The release of a course's unit; the archived one, where a notebook says that it came from there.

    Raises:
        ConfigError: the unit has not been built.
    """
    older = origin(course, unit, version)
    folder = older if older is not None and (older / RELEASED).is_file() else unit.release
    if not (folder / RELEASED).is_file():
        raise ConfigError(f"{folder / RELEASED} is missing: run 'course build {unit.name}'")
    return read_released(folder)
