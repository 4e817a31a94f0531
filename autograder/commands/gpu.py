"""``course gpu``: who holds GPUs, who waits, and what is left of the week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click

from ..base.errors import UsageError
from ..course import Course, load_course
from ..hub.gpus.book import GpuBook
from ..hub.gpus.overview import GpuRow, overview
from ..hub.gpus.settings import book_file
from ..hub.gpus.share import clock, share_of
from ..hub.people.departures import stop_server
from ..results.audit import user
from .printing import print_json


@click.group()
def command() -> None:
    """List, extend and end the use of GPUs on the course's hub."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_uses(as_json: bool) -> None:
    """Print who holds GPUs, how busy and until when, who waits, and what everybody used this week.

    Who waits on Slurm or Kubernetes stands in their queues: squeue, kubectl get pods.
    """
    seen = overview(*_opened())
    if as_json:
        print_json(seen.to_dict())
        return
    for row in seen.rows:
        click.echo("  ".join(filter(None, _columns(row, seen.now))))
    for each in seen.people:
        left = "" if each.left is None else f", {clock(each.left)} left"
        click.echo(f"{each.user:24} {clock(each.used)} GPU hours this week{left}")


def _columns(row: GpuRow, now: float) -> Iterator[str]:
    use = row.use
    state = f"holds {row.what}" if row.holds else f"waits for {row.what}"
    yield f"{use.user:24} {state:16} for {clock(now - (use.granted or use.asked))} hours"
    yield row.busy(now) if row.holds else ""
    yield f"until {datetime.fromtimestamp(use.until):%a %H:%M}" if use.until is not None else ""


@command.command("grant")
@click.argument("username")
@click.argument("hours", type=click.FloatRange(0, 1000, min_open=True))
@click.option("--reason", required=True, help="Why; it is kept with it.")
def grant(username: str, hours: float, reason: str) -> None:
    """Give one person more GPU hours, in this week only."""
    course, book = _opened()
    limit = course.gpu_hours_per_week
    if limit is None:
        raise UsageError("this course sets no limit: gpu_hours_per_week is missing in course_config.py")
    book.give_extra(username, hours * 3600, user(), reason)
    share = share_of(course, limit, book, username)
    click.echo(f"{username}: {clock(share.left)} GPU hours are left until {share.renews:%A, %d %B, %H:%M %Z}")


@command.command("stop")
@click.argument("username")
def stop(username: str) -> None:
    """Stop somebody's server that holds a GPU, or take them out of the queue; what they saved stays."""
    course, book = _opened()
    mine = [use for use in book.open_uses() if use.user == username]
    if not mine:
        raise UsageError(
            f"{username} neither holds a GPU nor waits for one here; see 'course gpu list'. Whoever waits in "
            "Slurm's own queue is taken out by scancel, or on the hub's page of GPUs"
        )
    for use in mine:
        if use.granted is None:
            book.give_up(use.place, "taken out of the queue")
            click.echo(f"{username}: taken out of the queue")
        elif use.started is None:
            click.echo(f"{username}: their server is just starting; try again in a moment")
        else:
            click.echo(f"{username}: {stop_server(course, username)}")


def _opened() -> tuple[Course, GpuBook]:
    course = load_course()
    file = book_file(course)
    if not file.exists():
        raise UsageError(
            "no hub of this course has handed out a GPU yet: start 'course hub' with a profile that has gpus"
        )
    return course, GpuBook(file)
