"""``course migrate``: bring the data folder of an older release up to date."""

from __future__ import annotations

import click

from ..course import Course, load_course
from ..gradebook import given_by_people
from ..marks import open_facts
from ..marks.database import preview_of
from ..marks.schema import VERSION, Migration
from .effects import carry_on


@click.command()
@click.option("--preview", is_flag=True, help="Print what would be done, and do nothing.")
def command(preview: bool) -> None:
    """Bring the data folder of an older release up to date; any command that needs marks does the same.

    Databases in the data folder are copied to data/backups first. Each result file without an attempt on
    the hub becomes an attempt of its student; points and extensions that people wrote into nbgrader's
    gradebook become facts. A second run finds nothing to do. Stop the hub before.
    """
    course = load_course()
    if preview:
        _tell(course, preview_of(course))
        click.echo("preview: nothing was changed")
        return
    with open_facts(course) as database:
        _tell(course, database.migration)
        carry_on(course, database, course.units)


def _tell(course: Course, migration: Migration | None) -> None:
    if migration is None:
        click.echo(f"nothing to do: {course.data_folder} has version {VERSION}, or no marks yet")
        return
    points, extensions = given_by_people(course)
    found = f"version {migration.found}" if migration.found else "results of files only"
    click.echo(f"{course.data_folder}: {found} -> version {VERSION}")
    click.echo(f"attempts of the hub, which stay as they are: {migration.attempts}")
    click.echo(f"results of files -> attempts: {migration.taken_in}")
    click.echo(f"in the gradebook by people -> facts: points of {points} cells, {extensions} extensions")
    for path in migration.copies:
        click.echo(f"a copy of before: {path}")
