"""What is known of a unit's release: from the files beside a notebook, or from the course.

Students have the released files and no course. Their notebook is the released one with
their work in it, so that the release it came from stands in ``tests/released.json``, which
``course build`` writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, UsageError
from ..base.python import short
from ..course import Course, Limits, Unit
from ..notebook import Cell, Release
from ..unit.release import RELEASED, archived


@dataclass(frozen=True)
class Given:
    """A release and what is needed to load a notebook that was made from it."""

    release: Release
    runtime: str  # "numpy" or "torch"
    libraries: tuple[str, ...]
    bonus: tuple[str, ...]  # tasks that may stay unwritten
    files: Mapping[str, bytes]  # helper files by name
    checks: Mapping[str, str]  # task -> the text of its public checks
    limits: Limits
    python: str = ""  # that grades; older releases do not say

    @property
    def modules(self) -> tuple[str, ...]:
        """Top-level modules that student code may import, as on the server."""
        helpers = (Path(name).stem for name in self.files if name.endswith(".py"))
        return tuple(dict.fromkeys(("numpy", self.runtime, *self.libraries, *helpers)))


def beside_notebook(folder: Path, unit: str | None = None) -> Given:
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
    given = _from_files(folder, path, Limits())
    if unit not in (None, given.release.unit):
        raise UsageError(f"{folder} holds the unit {given.release.unit!r}, not {unit!r}")
    return given


def of_unit(course: Course, unit: Unit, version: str | None = None) -> Given:
    """The release of a course's unit; the archived one, where a notebook says that it came from there.

    Raises:
        ConfigError: the unit has not been built.
    """
    folder = unit.release
    if version and re.fullmatch(r"[0-9a-f]{12}", version):
        older = archived(course, unit.name, version)
        folder = older if (older / RELEASED).is_file() else folder
    path = folder / RELEASED
    if not path.is_file():
        raise ConfigError(f"{path} is missing: run 'course build {unit.name}'")
    return _from_files(folder, path, course.limits_of(unit))


def _from_files(folder: Path, path: Path, limits: Limits) -> Given:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(task): tuple(map(str, names)) for task, names in found["tasks"].items()}
        cells = tuple(_cell(raw, index, tasks) for index, raw in enumerate(found["cells"]))
        return Given(
            Release(str(found["unit"]), str(found["version"]), tasks, cells),
            str(found["runtime"]),
            tuple(map(str, found["libraries"])),
            tuple(map(str, found["bonus"])),
            {name: (folder / name).read_bytes() for name in found["files"]},
            {task: (folder / "tests" / f"{task}.py").read_text(encoding="utf-8") for task in tasks},
            limits,
            short(found.get("python")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} and the files beside it are not as they were released ({error}). "
            "Fetch the assignment again into a new folder and copy your notebook there."
        ) from error


def _cell(raw: Mapping[str, Any], index: int, tasks: Mapping[str, object]) -> Cell:
    grade_id = raw["grade_id"]
    task = grade_id if grade_id in tasks else None
    return Cell(raw["kind"], raw["source"], grade_id, task, raw["locked"], index)
