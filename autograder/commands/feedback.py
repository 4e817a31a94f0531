"""``course feedback``: what students get back."""

from __future__ import annotations

import click

from ..base.errors import UsageError
from ..course import load_course
from ..marks import counted, open_facts, read_facts
from ..marks.shown import EVERYBODY, note_shown
from ..pages.feedback import write_feedback
from ..results.disclosure import now
from ..results.store import unreadable_results
from .effects import take_in_others


@click.command()
@click.argument("unit")
@click.option("--student", help="Only this student's page.")
def command(unit: str, student: str | None) -> None:
    """Write one page per student graded in UNIT: the mark, what is right, what was seen, where to look."""
    course = load_course()
    chosen, moment = course.unit(unit), now()
    for error in unreadable_results(course, unit):
        click.echo(f"course: {error}", err=True)
    with open_facts(course) as database:
        take_in_others(course, database, [chosen])
        with database.read() as connection:
            facts = read_facts(connection, course, chosen)
            marks = (mark for mark in facts.marks() if student in (None, mark.student))
            paths = write_feedback(facts, counted(connection, marks), moment)
        if not paths:
            whose = f"{student} in {unit}" if student else unit
            raise UsageError(f"no results of {whose}. Run 'course grade {unit} PATH' first.")
        with database.write() as connection:
            note_shown(
                connection, course, chosen, moment.isoformat(timespec="microseconds"), student or EVERYBODY
            )
    pages = "1 page" if len(paths) == 1 else f"{len(paths)} pages"
    click.echo(f"{pages} in {course.data_folder / 'feedback' / unit}")
