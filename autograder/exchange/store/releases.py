"""Releases: what students can fetch. Every release is kept; the last one that stands counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ...base.errors import ConfigError
from ...course import Unit
from ...marks.attempts import StoredFile, dump_files, load_files
from ...marks.tables import RELEASES
from ...notebook import read_release
from ..service.refusals import Refused
from .attempts import keep
from .desk import Desk, stamp
from .uploads import Upload, notebook_of


@dataclass(frozen=True)
class Offered:
    """One release of a unit."""

    unit: str
    version: str
    moment: str  # ISO 8601, UTC
    by: str
    files: tuple[StoredFile, ...]


def release(desk: Desk, unit: Unit, upload: Upload, by: str, force: bool) -> tuple[Offered, str]:
    """Release a unit; returns the release and a warning, which may be empty.

    Raises:
        Refused: another version is released and ``force`` is not set, or there is no
            released notebook of this unit in the upload.
    """
    version = _version(unit, upload)
    made = Offered(unit.name, version, stamp(desk.now()), by, keep(desk, upload.files))
    with desk.database.write() as connection:
        current = find(connection, unit.name)
        if current is not None and current.files != made.files and not force:
            raise Refused(
                409,
                f"{unit.name} is released already, as version {current.version}. Use --force to replace it.",
            )
        if current is None or current.files != made.files:
            values = {**vars(made), "files": dump_files(made.files), "withdrawn": False}
            connection.execute(insert(RELEASES).values(values))
    return made, _warning(unit, version)


def withdraw(connection: Connection, unit: str) -> None:
    """Take a unit back; what was fetched stays with the students."""
    connection.execute(update(RELEASES).where(RELEASES.c.unit == unit).values(withdrawn=True))


def find(connection: Connection, unit: str) -> Offered | None:
    """What is released of a unit now, or None."""
    query = select(RELEASES).where(RELEASES.c.unit == unit, RELEASES.c.withdrawn.is_(False))
    row = connection.execute(query.order_by(RELEASES.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _offered(row)


def every(connection: Connection) -> dict[str, Offered]:
    """The same of all units, by unit."""
    standing = (
        select(func.max(RELEASES.c.id)).where(RELEASES.c.withdrawn.is_(False)).group_by(RELEASES.c.unit)
    )
    rows = connection.execute(select(RELEASES).where(RELEASES.c.id.in_(standing)))
    return {row.unit: _offered(row) for row in rows}


def _offered(row: Any) -> Offered:
    return Offered(row.unit, row.version, row.moment, row.by, load_files(row.files))


def _version(unit: Unit, upload: Upload) -> str:
    path = notebook_of((file.path for file in upload.files), unit.name)
    content = next(file.content for file in upload.files if file.path == path)
    try:
        course: dict[str, Any] = json.loads(content)["metadata"]["course"]
        named, version = str(course["unit"]), str(course["version"])[:64]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            422, f"{path} is no released notebook. Run 'course build {unit.name}' first."
        ) from error
    if named != unit.name:
        raise Refused(422, f"{path} is the notebook of {named[:80]!r}, not of {unit.name!r}.")
    return version


def _warning(unit: Unit, version: str) -> str:
    """Submissions are healed from the release in the course's folder, which should be the same."""
    try:
        own = read_release(unit.released_notebook).version
    except ConfigError as error:
        return str(error)
    if own == version:
        return ""
    return (
        f"Students get version {version}, but the course's folder holds {own}, from which submissions are "
        f"graded. Run 'course build {unit.name}' there."
    )
