"""``course feedback``: what students get back."""

from __future__ import annotations

import click

from ..base.errors import UsageError
from ..course import load_course
from ..gradebook import read_booked
from ..pages.feedback import write_feedback
from ..results.disclosure import now
from ..results.store import read_results, unreadable_results


@click.command()
@click.argument("unit")
@click.option("--student", help="Only this student's page.")
def command(unit: str, student: str | None) -> None:
    """Write one page per graded student of UNIT: what is right, what was seen, where to look."""
    course = load_course()
    chosen = course.unit(unit)
    results = [result for result in read_results(course, unit) if student in (None, result.student)]
    for error in unreadable_results(course, unit):
        click.echo(f"course: {error}", err=True)
    if not results:
        whose = f"{student} in {unit}" if student else unit
        raise UsageError(f"no results of {whose}. Run 'course grade {unit} PATH' first.")
    paths = write_feedback(course, chosen, results, read_booked(course, unit), now())
    pages = "1 page" if len(paths) == 1 else f"{len(paths)} pages"
    click.echo(f"{pages} in {course.data_folder / 'feedback' / unit}")
