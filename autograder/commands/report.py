"""``course report``: what staff look at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import click

from ..base.errors import UsageError
from ..course import Course, load_course
from ..marks import open_facts
from ..marks.pseudonyms import pseudonym
from ..pages.report import write_reports
from ..results.disclosure import now
from ..results.store import unreadable_results
from .effects import take_in_others


@click.command()
@click.argument("unit", required=False)
@click.option(
    "--pseudonyms", is_flag=True, help="For others: students under other names, in data/reports-pseudonyms."
)
def command(unit: str | None, pseudonyms: bool) -> None:
    """Write the class report of UNIT, or of every unit, and the index over all units.

    With --pseudonyms no page names a student. What students printed or wrote stays in it: read it first.
    """
    course = load_course()
    called = _called(course) if pseudonyms else None
    chosen = [course.unit(unit)] if unit else list(course.units)
    with open_facts(course) as database:
        take_in_others(course, database, chosen)
        paths = write_reports(course, database, now(), unit, called)
    for each in chosen:
        for error in unreadable_results(course, each.name):
            click.echo(f"course: {error}", err=True)
    if not paths:
        from ..demo.story import demo_hint

        todo = demo_hint(course, "report") or "Run 'course grade UNIT PATH' first."
        raise UsageError(f"no results of {unit or 'any unit'} yet. {todo}")
    click.echo("\n".join(map(str, paths)))


def _called(course: Course) -> Callable[[str], str]:
    from ..judge.secret import course_secret

    return partial(pseudonym, course_secret(course))
