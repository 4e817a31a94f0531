"""``course report``: what staff look at."""

from __future__ import annotations

import click

from ..base.errors import UsageError
from ..course import load_course
from ..pages.report import write_reports
from ..results.disclosure import now
from ..results.store import unreadable_results


@click.command()
@click.argument("unit", required=False)
def command(unit: str | None) -> None:
    """Write the class report of UNIT, or of every unit, and the index over all units."""
    course = load_course()
    chosen = [course.unit(unit)] if unit else list(course.units)
    paths = write_reports(course, now(), unit)
    for each in chosen:
        for error in unreadable_results(course, each.name):
            click.echo(f"course: {error}", err=True)
    if not paths:
        raise UsageError(f"no results of {unit or 'any unit'} yet. Run 'course grade UNIT PATH' first.")
    click.echo("\n".join(map(str, paths)))
