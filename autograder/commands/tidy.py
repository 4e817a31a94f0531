"""``course tidy``: delete what has been kept for as long as the course says."""

from __future__ import annotations

import click

from ..course import load_course
from ..exchange.retention import Expired, course_end, expired, tidy_expired
from ..exchange.store.desk import open_desk
from ..hub.gpus.kept import count_expired, delete_expired
from ..hub.gpus.settings import book_file

GPUS = "entries of who used GPUs"
ALL = 1_000_000  # students; the exchange does some at each look, a command does all


@click.command()
@click.option("--preview", is_flag=True, help="Only say what would be deleted.")
def command(preview: bool) -> None:
    """Delete what has been kept for as long as ``Course.retention`` says.

    A running exchange and the hub do the same by themselves, every hour. What marks follow from goes only
    where the course names a period for it, and that long after the course has ended for everybody.
    """
    course = load_course()
    desk = open_desk(course)
    try:
        with desk.database.read() as connection:
            ends = course_end(course, connection)
        found = expired(desk) if preview else tidy_expired(desk, ALL)
        left = [] if preview else expired(desk)
    finally:
        desk.database.close()
    used = (count_expired if preview else delete_expired)(book_file(course), course.retention.gpu_days)
    found += [Expired(GPUS, used)] if used else []
    for each in found:
        click.echo(str(each))
    for each in left:
        click.echo(f"{each}: deleted from tomorrow on, if course_config.py says the same then")
    if not found and not left:
        click.echo("Nothing has expired.")
    days = course.retention.facts_days
    after = "as long as you keep the data folder" if days is None else f"{days:g} days longer"
    end = "has no end yet" if ends is None else f"ends at {ends:%Y-%m-%d %H:%M %Z}"
    click.echo(f"The course {end}; attempts, marks and files are kept {after}.")
