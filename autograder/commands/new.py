"""``course new``: a new unit with a tiny worked example."""

from __future__ import annotations

import click

from ..course import load_course
from ..unit.scaffold import new_unit
from .printing import print_json


@click.command()
@click.argument("unit")
@click.option("--title", help="What students read; by default the name with spaces.")
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable output.")
def command(unit: str, title: str | None, as_json: bool) -> None:
    """Make assignments/UNIT and solutions/UNIT.py: an example that already passes `course prove`."""
    course = load_course()
    made = new_unit(course, unit, title)
    files = [path.relative_to(course.root).as_posix() for path in made.files]
    if as_json:
        print_json({"unit": unit, "files": files, "line": made.line, "listed": made.listed})
    for name in files:
        click.echo(f"wrote {name}", err=True)
    if made.listed:
        click.echo(f"listed in course_config.py, set the date and hours there: {made.line}", err=True)
    else:
        click.echo(f"add this line to units=(...) in course_config.py:\n    {made.line}", err=True)
    click.echo(f"next: course build {unit} && course prove {unit}", err=True)
