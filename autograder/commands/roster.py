"""``course roster``: who takes part."""

from __future__ import annotations

from pathlib import Path

import click

from ..course import Course, load_course
from ..hub.people import passwords
from ..hub.people.departures import end_on_hub
from ..hub.people.roster import ROLES, Member, add, drop, read_roster
from ..hub.process.options import hub_folder, roster_file


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
def import_members(file: Path) -> None:
    """Add everybody in a CSV file with the header username,role,name,email; all or nobody."""
    course = load_course()
    new = read_roster(file).members
    add(roster_file(course), new)
    _hand_out(course, [member.username for member in new])


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
    passwords.forget(hub_folder(course) / "passwords", username)
    _hand_out(course, [username])


def _hand_out(course: Course, usernames: list[str]) -> None:
    for name, password in passwords.make_first(hub_folder(course) / "passwords", usernames).items():
        click.echo(f"{name:24} {password}")
