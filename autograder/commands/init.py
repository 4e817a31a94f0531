"""``course init``: a private course folder that uses the installed engine."""

from __future__ import annotations

from pathlib import Path

import click

from ..unit.scaffold import EXAMPLE, new_course
from .printing import print_json


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", help="What students read; by default the folder's name.")
@click.option("--json", "as_json", is_flag=True, help="Print machine-readable output.")
def command(folder: Path, title: str | None, as_json: bool) -> None:
    """Make a course in DIR: configuration, README and one example unit."""
    course, made = new_course(folder, title)
    files = [path.relative_to(course.root).as_posix() for path in made.files]
    if as_json:
        print_json({"course": course.name, "root": str(course.root), "files": files})
    for name in files:
        click.echo(f"wrote {name}", err=True)
    click.echo(f"next: cd {folder} && course build && course prove {EXAMPLE}", err=True)
