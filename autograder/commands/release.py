"""``course release``: give a unit to the students."""

from __future__ import annotations

import os

import click

from ..base.errors import UsageError
from ..course import Course, Unit, load_course
from ..exchange.client.service import URL_VARIABLE, service_from_environment
from ..exchange.client.stock import SCHEME, run_stock
from ..exchange.client.trees import read_tree
from ..results.audit import note


def _demand_proof(course: Course, unit: Unit, unproven: bool) -> None:
    """Refuse a unit whose papers are not proven, or remember that it was released all the same.

    Raises:
        UsageError: with what to run.
    """
    from ..judge.secret import course_secret
    from ..prove import why_unproven

    why = why_unproven(course, unit, course_secret(course))
    if not why:
        return
    if not unproven:
        raise UsageError(f"{why}, or release it all the same with --unproven")
    note(course, unit.name, f"released although {why}")


@click.command()
@click.argument("unit")
@click.option("--force", is_flag=True, help="Replace what is released already.")
@click.option(
    "--unproven", is_flag=True, help="Also where its papers are not proven; staff data remember it."
)
def command(unit: str, force: bool, unproven: bool) -> None:
    """Release UNIT through the exchange; 'course build' and 'course prove' come first."""
    course = load_course()
    chosen = course.unit(unit)
    if not chosen.released_notebook.is_file():
        raise UsageError(f"{chosen.released_notebook} is missing: run 'course build {unit}' first")
    _demand_proof(course, chosen, unproven)
    url = os.environ.get(URL_VARIABLE, "")
    if url.startswith(SCHEME):
        run_stock(course, url, "release_assignment", unit, *(["--force"] if force else []))
        return
    made = service_from_environment().release(unit, read_tree(chosen.release), force)
    if made["warning"]:
        click.echo(f"course: {made['warning']}", err=True)
    click.echo(f"{unit} is released, version {made['version']}, {len(made['files'])} files")
