"""The roster: who takes part in the course, and as what.

``data/roster.csv`` has a header and one person per line::

    username,role,name,email
    student-001,student,,

``username`` is what the person logs in with and what submissions are filed under.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import ConfigError, UsageError, did_you_mean
from ..base.files import locked, write_private
from ..course import Course

ROLES = ("student", "ta", "instructor")
COLUMNS = ("username", "role", "name", "email")
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Member:
    """One person of the course."""

    username: str
    role: str
    name: str = ""
    email: str = ""

    @property
    def is_staff(self) -> bool:
        """Teaching assistants and instructors."""
        return self.role != "student"


@dataclass(frozen=True)
class Roster:
    """All people of the course, in the file's order."""

    members: tuple[Member, ...]

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def find(self, username: str) -> Member | None:
        """The member of that name, or None."""
        return next((member for member in self.members if member.username == username), None)

    def names(self, *roles: str) -> list[str]:
        """The usernames of all who have one of the roles."""
        return [member.username for member in self.members if member.role in roles]


def roster_file(course: Course) -> Path:
    """Where it is kept."""
    return course.data_folder / "roster.csv"


def read_roster(path: Path) -> Roster:
    """The roster in that file.

    Raises:
        ConfigError: it is missing or wrong; the text lists every wrong line with its number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing. Expected a CSV file with the header {','.join(COLUMNS)}; "
            "'course roster add NAME --role student' makes it."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start}); save it as CSV UTF-8") from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Roster:
    """The roster in a CSV text; ``source`` names it in errors.

    Raises:
        ConfigError: the text lists every wrong line with its number.
    """
    rows = _rows(text, source)
    header = [name.strip().lower() for _, row in rows[:1] for name in row]
    _check_header(header, source)
    found: list[tuple[int, Member]] = []
    wrong: list[str] = []
    for line, row in rows[1:]:
        if not any(value.strip() for value in row):
            continue
        try:
            found.append((line, _member(header, row)))
        except ValueError as error:
            wrong.append(f"line {line}: {error}")
    wrong += _clashes(found)
    if wrong:
        raise ConfigError(f"{source}:\n  " + "\n  ".join(wrong))
    return Roster(tuple(member for _, member in found))


def _rows(text: str, source: str) -> list[tuple[int, list[str]]]:
    """The rows, each with the number of its line."""
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    try:
        return [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        raise ConfigError(f"{source}: line {rows.line_num}: {error}. Save it as CSV UTF-8.") from error


def add(path: Path, new: Iterable[Member]) -> Roster:
    """Write further members to the file; the roster afterwards.

    Raises:
        ConfigError: a name is wrong or taken; then nothing is written.
    """
    with locked(path):
        before = read_roster(path).members if path.exists() else ()
        return write_roster(path, (*before, *new))


def write_roster(path: Path, members: Iterable[Member]) -> Roster:
    """Write the whole file, for who holds its lock (``locked``).

    Raises:
        ConfigError: a name is wrong or taken; then nothing is written.
    """
    roster = parse(_text(members), f"{path}, as it would be")
    write_private(path, _text(roster.members))
    return roster


def drop(path: Path, username: str) -> Roster:
    """Take a member off the file; files, submissions and marks stay.

    Raises:
        UsageError: there is no such member.
    """
    with locked(path):
        members = read_roster(path).members
        kept = tuple(member for member in members if member.username != username)
        if len(kept) == len(members):
            known = [member.username for member in members]
            raise UsageError(f"{username!r} is not in {path}: {did_you_mean(username, known)}")
        write_private(path, _text(kept))
    return Roster(kept)


def _text(members: Iterable[Member]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(member, column) for column in COLUMNS] for member in members)
    return out.getvalue()


def _check_header(header: list[str], source: str) -> None:
    missing = [name for name in COLUMNS[:2] if name not in header]
    if missing:
        found = ",".join(header) or "nothing"
        raise ConfigError(f"{source}: line 1: expected the header {','.join(COLUMNS)}, found {found}")


def _member(header: list[str], row: list[str]) -> Member:
    if len(row) > len(header):
        raise ValueError(f"has {len(row)} values, expected at most {len(header)}")
    values = {name: value.strip() for name, value in zip(header, row, strict=False)}
    role = values.get("role", "").lower()
    return checked(Member(values.get("username", ""), role, values.get("name", ""), values.get("email", "")))


def checked(member: Member) -> Member:
    """The member.

    Raises:
        ValueError: what is wrong with it.
    """
    if not USERNAME.fullmatch(member.username):
        raise ValueError(
            f"username {member.username!r}: expected 1 to 32 lower-case letters, digits, '.', '_' or '-', "
            "beginning with a letter or digit"
        )
    if member.role not in ROLES:
        raise ValueError(
            f"role {member.role!r} of {member.username}: expected one of {', '.join(ROLES)}; "
            f"{did_you_mean(member.role, ROLES)}"
        )
    if any(not value.isprintable() for value in (member.name, member.email)):
        raise ValueError(f"name or email of {member.username} has a character that cannot be printed")
    return member


def _clashes(found: list[tuple[int, Member]]) -> list[str]:
    """Names that are used twice; 'a.b' and 'a-b' are two people, 'a' and 'a' are one."""
    first: dict[str, int] = {}
    wrong = []
    for line, member in found:
        if member.username in first:
            wrong.append(
                f"line {line}: username {member.username!r} is already on line {first[member.username]}"
            )
        first.setdefault(member.username, line)
    return wrong
