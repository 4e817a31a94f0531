"""Make a backup: databases first, then files, under the final name when all is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..base.errors import UsageError, naming
from ..base.files import PRIVATE, write_private
from ..base.sqlite_copy import copy_sqlite, is_sqlite
from ..course import Course
from ..marks.blobs import blobs_of
from ..marks.database import database_url
from .contents import Contents, contents_of
from .databases import FACTS, Elsewhere, copy_database, elsewhere, named_blobs
from .manifest import APART, DATA, NAME, Listed, Manifest, copy_listed, listed, private_folders
from .stage import whole


@dataclass(frozen=True)
class BackupReport:
    """What was copied, and what keeps it from being all."""

    folder: Path
    files: int
    size: int  # bytes
    databases: tuple[str, ...]  # below ``folder``
    blobs: int  # that the copied facts name
    left_out: dict[str, str]  # name below the data folder: why
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The object that ``course backup --json`` prints."""
        return {**vars(self), "folder": str(self.folder)}


def make_backup(course: Course, folder: Path) -> BackupReport:
    """Copy the course's data into a new folder; whatever runs meanwhile.

    Args:
        course: whose data it is.
        folder: is made; may be there, and empty.

    Raises:
        UsageError: the folder is in use, lies in the data, or a program is missing.
        ConfigError: a database is damaged.
        OSError: a file cannot be read or written; nothing is left under the name.
    """
    folder = folder.absolute()
    _check_place(course, folder)
    with whole(folder) as stage:
        return _fill(course, stage, folder)


def _fill(course: Course, stage: Path, folder: Path) -> BackupReport:
    files: dict[str, Listed] = {}
    apart = list(elsewhere(course))
    for database in apart:
        copy_database(database, stage / APART / database.copy)
        files[f"{APART}/{database.copy}"] = listed(stage / APART / database.copy, PRIVATE)
    databases = [name for name in contents_of(course.data_folder).files if _is_database(course, name)]
    _copy_all(course, databases, stage, files)
    named = _named(course, stage, apart)
    found = contents_of(course.data_folder)  # looked at after the databases: what they name is there by now
    _copy_all(course, found.files, stage, files)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    write_private(stage / NAME, Manifest(course.name, made, __version__, files).to_json())
    return BackupReport(
        folder,
        len(files),
        sum(each.size for each in files.values()),
        (*(f"{APART}/{each.copy}" for each in apart), *(f"{DATA}/{name}" for name in databases)),
        len(named),
        found.left_out,
        (*_odd(found), *_lost(course, named, files)),
    )


def _copy_all(course: Course, names: Iterable[str], stage: Path, files: dict[str, Listed]) -> None:
    """Copy those that were not copied yet; let go what went meanwhile, such as an expired draft."""
    for name in names:
        if f"{DATA}/{name}" in files:
            continue
        source, target = course.data_folder / name, stage / DATA / name
        try:
            if _is_database(course, name):
                private_folders(target.parent)
                copy_sqlite(source, target)
                files[f"{DATA}/{name}"] = listed(target, PRIVATE)
            else:
                with naming(source):
                    files[f"{DATA}/{name}"] = copy_listed(source, target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)


def _is_database(course: Course, name: str) -> bool:
    try:
        return is_sqlite(course.data_folder / name)
    except FileNotFoundError:
        return False


def _named(course: Course, stage: Path, apart: list[Elsewhere]) -> set[str]:
    """The files that the copied facts name; a server is asked, which may name more by now."""
    facts = next((each for each in apart if each.name == FACTS), None)
    if facts is not None:
        return named_blobs(f"sqlite:///{stage / APART / facts.copy}" if facts.file else facts.url)
    inside = Path(database_url(course).removeprefix("sqlite:///")).relative_to(course.data_folder)
    copy = stage / DATA / inside
    return named_blobs(f"sqlite:///{copy}") if copy.exists() else set()


def _lost(course: Course, named: set[str], files: dict[str, Listed]) -> Iterator[str]:
    blobs = blobs_of(course)
    for path in map(blobs.path, sorted(named)):
        copied = files.get(f"{DATA}/{path.relative_to(course.data_folder)}")
        if copied is None:
            yield f"{path} is missing, and an attempt, a release or feedback names it"
        elif copied.sha256 != path.name:
            yield f"{path} is damaged: its content has another SHA-256 than its name says"


def _odd(found: Contents) -> Iterator[str]:
    for name in found.odd:
        yield f"{name} is a link or no regular file, and was not copied"


def _check_place(course: Course, folder: Path) -> None:
    if not course.data_folder.is_dir():
        raise UsageError(
            f"{course.data_folder} is not there: this course has no data yet, so nothing to back up"
        )
    if folder.resolve().is_relative_to(course.data_folder):
        raise UsageError(f"{folder} lies in the data folder; name a place on another disk or machine")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        new = folder / datetime.now(UTC).date().isoformat()
        raise UsageError(f"{folder} is there and not empty. Name a new folder, such as {new}")
