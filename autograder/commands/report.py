"""``course report``: what staff look at."""

from __future__ import annotations

import click

from ..course import load_course
from ..disclosure import now
from ..errors import UsageError
from ..report import write_reports


@click.command()
@click.argument("unit", required=False)
def command(unit: str | None) -> None:
    """Write the class report of UNIT, or of every unit, and the index over all units."""
    course = load_course()
    paths = write_reports(course, now(), course.unit(unit).name if unit else None)
    if not paths:
        raise UsageError(f"no results of {unit or 'any unit'} yet. Run 'course grade UNIT PATH' first.")
    click.echo("\n".join(map(str, paths)))
