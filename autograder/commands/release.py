"""``course release``: give a unit to the students."""

from __future__ import annotations

import os

import click

from ..base.errors import UsageError
from ..course import load_course
from ..exchange.client.service import URL_VARIABLE, service_from_environment
from ..exchange.client.stock import SCHEME, run_stock
from ..exchange.client.trees import read_tree


@click.command()
@click.argument("unit")
@click.option("--force", is_flag=True, help="Replace what is released already.")
def command(unit: str, force: bool) -> None:
    """Release UNIT through the exchange; 'course build' comes first."""
    course = load_course()
    chosen = course.unit(unit)
    if not chosen.released_notebook.is_file():
        raise UsageError(f"{chosen.released_notebook} is missing: run 'course build {unit}' first")
    url = os.environ.get(URL_VARIABLE, "")
    if url.startswith(SCHEME):
        run_stock(course, url, "release_assignment", unit, *(["--force"] if force else []))
        return
    made = service_from_environment().release(unit, read_tree(chosen.release), force)
    if made["warning"]:
        click.echo(f"course: {made['warning']}", err=True)
    click.echo(f"{unit} is released, version {made['version']}, {len(made['files'])} files")
