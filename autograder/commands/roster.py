"""``course roster``: who takes part."""

from __future__ import annotations

from pathlib import Path

import click

from ..course import Course, load_course
from ..hub.people import passwords
from ..hub.people.departures import end_on_hub
from ..hub.people.imports import ClassList, RosterChanges, import_people, read_class_list
from ..hub.process.options import hub_folder
from ..marks.roster import ROLES, Member, add, drop, read_roster, roster_file
from ..notebook.found import listing


@click.group()
def command() -> None:
    """List, add and drop the people of the course (data/roster.csv)."""


@command.command("list")
def list_members() -> None:
    """Print everybody with their role."""
    for member in read_roster(roster_file(load_course())):
        click.echo(f"{member.username:24} {member.role:12} {member.name} {member.email}".rstrip())


@command.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), default="student", show_default=True)
@click.option("--name", default="", help="As the class list has it.")
@click.option("--email", default="")
def add_member(username: str, role: str, name: str, email: str) -> None:
    """Add one person, and print their first password; it is shown this once."""
    course = load_course()
    add(roster_file(course), [Member(username, role, name, email)])
    _hand_out(course, [username])


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id-column", metavar="NAME", help="The column with the usernames.")
@click.option("--drop-missing", is_flag=True, help="Drop students who are not in the file.")
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
def import_members(file: Path, id_column: str | None, drop_missing: bool, preview: bool) -> None:
    """Add everybody in a class list, and update who is there already; any number of times.

    FILE is a CSV file with the header username,role,name,email (username is enough), or a table that a
    platform exported. Only new people get a password, and staff are never dropped. All or nobody.
    """
    course = load_course()
    listed = read_class_list(file, id_column)
    changes = import_people(roster_file(course), listed, drop_missing, preview)
    for line in _told(changes, listed, file):
        click.echo(line, err=True)
    if preview:
        click.echo("Nothing was changed: this is the preview.", err=True)
        return
    for member in changes.dropped:
        passwords.forget(hub_folder(course) / "passwords", member.username)
        click.echo(f"{member.username}: {end_on_hub(course, member.username)}", err=True)
    _hand_out(course, [each["username"] for each in listed.people])


def _told(changes: RosterChanges, listed: ClassList, file: Path) -> list[str]:
    """What an import changes, a line each, and the counts."""
    lines = [f"+ {member.username} {member.role} {member.name} {member.email}" for member in changes.new]
    for before, after in changes.changed:
        fields = ((name, getattr(before, name), getattr(after, name)) for name in ("role", "name", "email"))
        said = "; ".join(f"{name} {old!r} -> {new!r}" for name, old, new in fields if old != new)
        lines.append(f"~ {after.username}: {said}")
    lines += [f"- {member.username}; submissions and marks stay" for member in changes.dropped]
    counts = (len(changes.new), len(changes.changed), len(changes.dropped), changes.same)
    lines.append("{} added, {} changed, {} dropped, {} unchanged".format(*counts))
    if changes.missing:
        names = listing(member.username for member in changes.missing)
        lines.append(f"not in the file, and kept (--drop-missing drops them): {names}")
    if listed.without_login:
        lines.append(f"without a username in the file, passed over: {listing(listed.without_login)}")
    if listed.guessed:
        lines.append(f"{file} does not say its encoding; it was read as Windows-1252")
    return [line.rstrip() for line in lines]


@command.command("drop")
@click.argument("username")
def drop_member(username: str) -> None:
    """Take somebody off the roster; submissions and marks stay."""
    course = load_course()
    drop(roster_file(course), username)
    passwords.forget(hub_folder(course) / "passwords", username)
    click.echo(f"{username} is no longer on the roster. {end_on_hub(course, username)}")


@command.command("password")
@click.argument("username")
def new_password(username: str) -> None:
    """Give somebody who forgot theirs a new first password; it is shown this once."""
    course = load_course()
    if read_roster(roster_file(course)).find(username) is None:
        raise click.UsageError(f"{username!r} is not on the roster")
    _hand_out(course, [username], again=True)
    click.echo(
        "A running hub ends their logins and the tokens that they made; they must change it first.", err=True
    )


def _hand_out(course: Course, usernames: list[str], again: bool = False) -> None:
    for name, password in passwords.make_first(hub_folder(course) / "passwords", usernames, again).items():
        click.echo(f"{name:24} {password}")
