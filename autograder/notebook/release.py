"""What was released of a unit, read from its notebook or from all of its files.

Whoever grades has the course, and of the release needs the notebook. Students have the released
files and no course; there, what the course would say stands in ``tests/released.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, Unreadable
from ..base.python import short
from ..course import Course, Unit
from .cells import Cell
from .reading import read_raw

RELEASED = "tests/released.json"
MAX_MIB = 200  # of a released notebook, pictures included
_VERSION = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Release:
    """A release; what the notebook alone does not say has its default."""

    unit: str
    version: str
    tasks: dict[str, tuple[str, ...]]  # task -> the names that its cell defines; as in the notebook
    cells: tuple[Cell, ...]
    runtime: str = "numpy"  # or "torch"
    libraries: tuple[str, ...] = ()  # further ones that student code may import
    bonus: tuple[str, ...] = ()  # tasks that may stay unwritten
    files: Mapping[str, bytes] = field(default_factory=dict)  # helper files by name
    checks: Mapping[str, str] = field(default_factory=dict)  # task -> the text of its public checks
    python: str = ""  # that grades; older releases do not say

    @property
    def names(self) -> tuple[str, ...]:
        """All names that the tasks define, in the order of the notebook."""
        return tuple(dict.fromkeys(name for names in self.tasks.values() for name in names))

    @property
    def modules(self) -> tuple[str, ...]:
        """Top-level modules that student code may import beside the standard library."""
        return importable(self.runtime, self.libraries, self.files)


def importable(runtime: str, libraries: Iterable[str], files: Iterable[str]) -> tuple[str, ...]:
    """The same from its parts: NumPy, the runtime, further libraries, and released helper modules."""
    helpers = (Path(name).stem for name in files if name.endswith(".py"))
    return tuple(dict.fromkeys(("numpy", runtime, *libraries, *helpers)))


def read_release(path: Path) -> Release:
    """What a released notebook says by itself, from which submissions are healed.

    Raises:
        ConfigError: it is missing, or has no ``course`` metadata.
    """
    unit = path.stem
    if not path.is_file():
        raise ConfigError(f"{path} is missing: run 'course build {unit}'")
    try:
        raw = read_raw(path, MAX_MIB)
        tasks = _tasks(raw.course["tasks"])
        version = str(raw.course["version"])
    except (Unreadable, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is no released notebook ({error}): expected metadata course = {{unit, version, tasks}}; "
            f"run 'course build {unit}'"
        ) from error
    cells = tuple(replace(cell, task=_task(cell.grade_id, tasks)) for cell in raw.cells)
    order = {cell.task: cell.index for cell in cells if cell.task}  # the file sorts them by name
    tasks = dict(sorted(tasks.items(), key=lambda item: order.get(item[0], -1)))
    return Release(str(raw.course.get("unit", unit)), version, tasks, cells)


def read_released(folder: Path) -> Release:
    """Everything that was released, without the notebook, in which students have written.

    Raises:
        ConfigError: ``tests/released.json`` or a file that belongs to it is missing or damaged.
    """
    path = folder / RELEASED
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        tasks = _tasks(found["tasks"])
        return Release(
            str(found["unit"]),
            str(found["version"]),
            tasks,
            tuple(_cell(raw, index, tasks) for index, raw in enumerate(found["cells"])),
            str(found["runtime"]),
            tuple(map(str, found["libraries"])),
            tuple(map(str, found["bonus"])),
            {name: (folder / name).read_bytes() for name in found["files"]},
            {task: (folder / "tests" / f"{task}.py").read_text(encoding="utf-8") for task in tasks},
            short(found.get("python")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} and the files beside it are not as they were released ({error}). "
            "Fetch the assignment again into a new folder and copy your notebook there."
        ) from error


def archived(course: Course, unit: str, version: str) -> Path:
    """The folder in which a version of a unit's release is kept."""
    return course.data_folder / "releases" / unit / version


def origin(course: Course, unit: Unit, version: str | None) -> Path | None:
    """The folder of the archived release that a notebook says it was made from, if there is one."""
    if not _VERSION.fullmatch(version or ""):
        return None
    folder = archived(course, unit.name, str(version))
    return folder if folder.is_dir() else None


def _tasks(found: Any) -> dict[str, tuple[str, ...]]:
    return {str(task): tuple(map(str, names)) for task, names in found.items()}


def _task(grade_id: str | None, tasks: Mapping[str, object]) -> str | None:
    return grade_id if grade_id in tasks else None


def _cell(raw: Mapping[str, Any], index: int, tasks: Mapping[str, object]) -> Cell:
    grade_id = raw["grade_id"]
    return Cell(raw["kind"], raw["source"], grade_id, _task(grade_id, tasks), raw["locked"], index)
