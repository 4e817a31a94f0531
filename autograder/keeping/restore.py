"""Put a backup back into a data folder that is empty, after every file was compared with its digest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, UsageError
from ..base.files import PRIVATE
from ..base.sqlite_copy import is_sqlite
from ..course import Course
from .databases import elsewhere
from .manifest import APART, DATA, Listed, Manifest, check_listed, copy_listed, listed, read_manifest
from .stage import whole

HUB_PROGRAM = b"autograder.hub.process.serve"


@dataclass(frozen=True)
class RestoreReport:
    """What was put back, and what is left to do."""

    folder: Path  # the data folder
    made: str  # when the backup was made, ISO 8601
    files: int
    size: int  # bytes
    next_steps: tuple[str, ...]  # commands for databases that lie elsewhere

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course restore --json`` prints."""
        return {**vars(self), "folder": str(self.folder)}


def restore(course: Course, backup: Path) -> RestoreReport:
    """Fill the course's data folder from a backup, in one step.

    Raises:
        UsageError: the data folder is in use, or the backup is none of this course.
        ConfigError: a file of the backup was changed or is missing; nothing was restored.
        OSError: a file cannot be written; nothing was restored.
    """
    backup = backup.absolute()
    manifest = read_manifest(backup)
    _check_course(course, manifest, backup)
    for name, wanted in manifest.files.items():
        if name.startswith(f"{APART}/"):
            check_listed(backup, name, wanted, listed(_there(backup, name), 0))
    data = course.data_folder
    with whole(data) as stage:
        for name, wanted in manifest.files.items():
            if name.startswith(f"{DATA}/"):
                _put_back(backup, name, wanted, stage / name.removeprefix(f"{DATA}/"))
        _check_free(course)
    size = sum(each.size for each in manifest.files.values())
    return RestoreReport(
        data, manifest.made, len(manifest.files), size, _next_steps(course, manifest, backup)
    )


def running_hub(course: Course) -> int | None:
    """The process of this course's hub, also where its data folder was moved away; None where none runs."""
    root = f"COURSE_ROOT={course.root}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if HUB_PROGRAM in (entry / "cmdline").read_bytes().split(b"\0") and root in (
                entry / "environ"
            ).read_bytes().split(b"\0"):
                return int(entry.name)
        except OSError:  # it ended, or is somebody else's
            continue
    return None


def _put_back(backup: Path, name: str, wanted: Listed, target: Path) -> None:
    """Copy a file with the mode that it had, a database for its owner only.

    Raises:
        ConfigError: it is not the one that the list names.
    """
    source = _there(backup, name)
    mode = PRIVATE if is_sqlite(source) else wanted.mode
    check_listed(backup, name, wanted, copy_listed(source, target, mode))


def _there(backup: Path, name: str) -> Path:
    path = backup / name
    if not path.is_file() or path.is_symlink():
        raise ConfigError(
            f"{path} is missing, so this backup is not whole. Nothing was restored; use another one."
        )
    return path


def _check_course(course: Course, manifest: Manifest, backup: Path) -> None:
    if manifest.course != course.name:
        raise UsageError(f"{backup} is a backup of {manifest.course!r}; this course is {course.name!r}")
    _check_free(course)


def _check_free(course: Course) -> None:
    data = course.data_folder
    if pid := running_hub(course):
        raise UsageError(f"the hub of this course runs (process {pid}); stop it before its data is replaced")
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise UsageError(f"{data} is not empty; move it away first: mv {data} {data}-before")


def _next_steps(course: Course, manifest: Manifest, backup: Path) -> tuple[str, ...]:
    """Commands for the databases outside of the data folder, which nothing here overwrites."""
    there = {name.removeprefix(f"{APART}/") for name in manifest.files if name.startswith(f"{APART}/")}
    known = {each.copy: each.put_back.format(backup=backup / APART) for each in elsewhere(course)}
    return tuple(
        known.get(name) or f"put {backup / APART / name} back; no URL of this course names that database now"
        for name in sorted(there)
    )
