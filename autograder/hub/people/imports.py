"""A class list into the roster, any number of times: who comes, who changes, who goes.

The list is our own (username,role,name,email) or a table that a platform exported. A column that it does
not have, or a cell that is empty there, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ...base.errors import ConfigError, UsageError
from ...base.files import locked
from ...export.headers import EMAIL, LOGIN, folded
from ...export.people import is_nobody
from ...export.tables import PlatformTable, full_names, read_table
from ...marks.roster import Member, Roster, checked, read_roster, write_roster


@dataclass(frozen=True)
class ClassList:
    """What a file says of people."""

    people: tuple[Mapping[str, str], ...]  # fields of ``Member``, as far as they are given
    without_login: tuple[str, ...] = ()  # who cannot be anybody here
    guessed: str = ""  # the encoding, where nothing in the file says it


@dataclass(frozen=True)
class RosterChanges:
    """What an import does."""

    new: tuple[Member, ...] = ()
    changed: tuple[tuple[Member, Member], ...] = ()  # before and after
    dropped: tuple[Member, ...] = ()
    same: int = 0
    missing: tuple[Member, ...] = ()  # students who are not in the file, and stay


def read_class_list(path: Path, id_column: str | None = None) -> ClassList:
    """The people in a file.

    Args:
        path: of a CSV file.
        id_column: the column with the usernames, where its name is not known here.

    Raises:
        UsageError: it cannot be read, or has no column of usernames.
        ConfigError: the text lists every wrong row with its number.
    """
    table = read_table(path, id_column)
    logins = [table.id_column] if table.id_column is not None else table.indexes(LOGIN)
    if not logins:
        raise UsageError(
            f"{path} has the columns {', '.join(table.columns)}; expected 'username', or --id-column NAME"
        )
    people: list[Mapping[str, str]] = []
    without: list[str] = []
    wrong: list[str] = []
    rows: dict[str, int] = {}
    for number, row in enumerate(table.rows, start=2):
        person = _person(table, row, logins[0] or 0)
        if is_nobody(table, row):
            continue
        if not person["username"]:
            without.append(person.get("name") or person.get("email") or f"row {number}")
            continue
        try:
            checked(Member(**{"role": "student", **person}))
        except ValueError as error:
            wrong.append(f"row {number}: {error}")
        first = rows.setdefault(person["username"], number)
        if first != number:
            wrong.append(f"row {number}: username {person['username']!r} is already in row {first}")
        people.append(person)
    if wrong:
        raise ConfigError(f"{path}:\n  " + "\n  ".join(wrong))
    return ClassList(tuple(people), tuple(without), table.guessed)


def changes_of(before: Roster, listed: ClassList, drop_missing: bool = False) -> RosterChanges:
    """What a class list changes.

    Args:
        before: the roster.
        listed: the people in the file.
        drop_missing: students who are not in it leave; staff are dropped by name only.

    Raises:
        UsageError: everybody would be dropped.
    """
    known = {member.username: member for member in before}
    new, changed, same = [], [], 0
    for person in listed.people:
        member = known.get(person["username"])
        after = replace(member, **person) if member else Member(**{"role": "student", **person})
        if member is None:
            new.append(after)
        elif after != member:
            changed.append((member, after))
        else:
            same += 1
    named = {person["username"] for person in listed.people}
    absent = tuple(member for member in before if member.username not in named and not member.is_staff)
    if drop_missing and not named:
        raise UsageError("the file names nobody, so --drop-missing would drop the whole class")
    dropped, missing = (absent, ()) if drop_missing else ((), absent)
    return RosterChanges(tuple(new), tuple(changed), dropped, same, missing)


def import_people(path: Path, listed: ClassList, drop_missing: bool, preview: bool) -> RosterChanges:
    """Bring a roster file up to a class list, or say what that would change; made where it is missing.

    Raises:
        ConfigError: the roster cannot be read; nothing is written then.
        UsageError: everybody would be dropped.
    """
    if preview:
        return changes_of(_read(path), listed, drop_missing)
    with locked(path):
        before = _read(path)
        changes = changes_of(before, listed, drop_missing)
        write_roster(path, _after(before, changes))
    return changes


def _read(path: Path) -> Roster:
    return read_roster(path) if path.exists() else Roster(())


def _after(before: Roster, changes: RosterChanges) -> Iterable[Member]:
    after = {old.username: new for old, new in changes.changed}
    gone = {member.username for member in changes.dropped}
    kept = [after.get(member.username, member) for member in before if member.username not in gone]
    return (*kept, *changes.new)


def _person(table: PlatformTable, row: tuple[str, ...], login: int) -> dict[str, str]:
    """The fields of a row that say something."""
    roles = [index for index, column in enumerate(table.columns) if folded(column) == "role"]
    emails = table.indexes(EMAIL)
    names = full_names(table, row)
    found = {
        "role": row[roles[0]].strip().lower() if roles else "",
        "name": names[0] if names else "",
        "email": row[emails[0]].strip() if emails else "",
    }
    given = {field: value for field, value in found.items() if value}
    return {"username": row[login].strip().lower(), **given}
