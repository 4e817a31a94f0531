"""Which students a command means: names, typed or in a file, held against roster and attempts."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from sqlalchemy import Connection, select

from ..base.errors import UsageError, did_you_mean
from ..course import Course, Unit
from ..export.tables import read_text
from ..marks.roster import ROLES, read_roster, roster_file
from ..marks.tables import ATTEMPTS

COLUMN = "username"
NEAR = "did you mean"


def known_students(course: Course, connection: Connection, units: Sequence[Unit]) -> set[str]:
    """Everybody on the roster's list of students, and everybody with an attempt at one of the units."""
    names = [unit.name for unit in units]
    attempts = connection.execute(select(ATTEMPTS.c.student).where(ATTEMPTS.c.unit.in_(names)).distinct())
    path = roster_file(course)
    return {*attempts.scalars(), *(read_roster(path).names("student") if path.exists() else ())}


def checked(
    course: Course, connection: Connection, units: Sequence[Unit], names: Iterable[str]
) -> tuple[str, ...]:
    """These names, each once, in the order in which they came.

    Where there is a roster, a name is on it or has an attempt. Without one a name that has no attempt may
    be somebody who has not handed in yet, which is said.

    Raises:
        UsageError: a name is known nowhere; it lists all of these, with the nearest that is.
    """
    wanted = list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in names))
    known = known_students(course, connection, units)
    path = roster_file(course)
    taking_part = {*known, *(read_roster(path).names(*ROLES) if path.exists() else ())}
    strange = [name for name in wanted if name not in taking_part]
    remarks = [f"nobody is called {name!r}: {_nearest(name, known)}" for name in strange]
    if remarks and path.exists():
        raise UsageError("\n  ".join([f"nothing was changed, {len(remarks)} unknown:", *remarks]))
    for name, remark in zip(strange, remarks, strict=True):
        near = f" ({remark.partition(': ')[2]})" if NEAR in remark else ""
        click.echo(f"course: {name} has not handed in yet, and there is no roster to look at{near}", err=True)
    return tuple(wanted)


def names_in(path: Path) -> list[str]:
    """The names in a file: one in each line, or a CSV table's column ``username``.

    Raises:
        UsageError: it cannot be read, has several columns and none of that name, or no name at all.
    """
    text, _ = read_text(path)
    rows = [line for line in text.splitlines() if line.strip()]
    if not rows:
        raise UsageError(f"{path} names nobody. Write one username per line.")
    delimiter = next((each for each in ";,\t" if each in rows[0]), "")
    if not delimiter:
        names = [row.strip() for row in rows]
        return names[1:] if names[0].lower() == COLUMN else names
    table = csv.reader(io.StringIO("\n".join(rows)), delimiter=delimiter)
    header = [cell.strip().lower() for cell in next(table)]
    if COLUMN not in header:
        raise UsageError(
            f"{path} has the columns {', '.join(header)}; "
            f"expected one called {COLUMN!r}, or one name per line"
        )
    at = header.index(COLUMN)
    return [row[at].strip() for row in table if len(row) > at and row[at].strip()]


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest names; a class is too long to be listed."""
    said = did_you_mean(name, known)
    return said if said.startswith(NEAR) else "neither on the roster nor with an attempt"
