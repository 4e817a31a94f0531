"""``course collect``: bring each student's counting attempt into the course's folder."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..course import load_course
from ..exchange.client.collecting import to_collect, write_attempt
from ..exchange.client.service import URL_VARIABLE, service_from_environment
from ..exchange.client.stock import SCHEME, run_stock
from ..gradebook import Folders
from ..results.store import safe_name


@click.command()
@click.argument("unit")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Another folder than nbgrader's.")
def command(unit: str, folder: Path | None) -> None:
    """Write <student>/UNIT/ with the attempt that counts and its time, for 'course grade' and nbgrader."""
    course = load_course()
    chosen = course.unit(unit)
    url = os.environ.get(URL_VARIABLE, "")
    if url.startswith(SCHEME):
        run_stock(course, url, "collect", unit, "--update")
        return
    service = service_from_environment()
    target = folder or Folders(course).submitted
    attempts = to_collect(service.submissions(unit))
    places = [target / safe_name(attempt["student"]) / chosen.name for attempt in attempts]
    fresh = sum(write_attempt(service, a, place) for a, place in zip(attempts, places, strict=True))
    click.echo(f"{len(attempts)} students in {target}: {fresh} new or changed")
