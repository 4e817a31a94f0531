"""A change of facts by a command: who does it and why, noted before it is made, carried on afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..base.errors import CourseError, UsageError, in_words
from ..course import Course, Unit
from ..gradebook.catching_up import catch_up, catch_up_before_showing
from ..marks.database import Database
from ..marks.exceptions import Deed
from ..results.audit import note, user


def deed(reason: str | None) -> Deed:
    """Who runs this process, now, and why.

    Raises:
        UsageError: no reason was given.
    """
    why = (reason or "").strip()
    if not why:
        raise UsageError("say why, with --reason TEXT; only staff see it")
    return Deed.now(user(), why)


def noted(course: Course, units: Sequence[Unit], what: str) -> None:
    """A line in the record of each unit: rather one too many than one too few, so before the commit."""
    for unit in units:
        note(course, unit.name, what)


def take_in_others(course: Course, database: Database, units: Sequence[Unit]) -> None:
    """Before marks are shown: what others wrote into the gradebook belongs to them."""
    for line in catch_up_before_showing(course, database, units):
        click.echo(f"gradebook: {line}", err=True)


def carry_on(course: Course, database: Database, units: Sequence[Unit]) -> None:
    """Bring result files and gradebook up to date.

    Raises:
        UsageError: the gradebook cannot be written; the facts are stored.
    """
    try:
        refused = catch_up(course, database, units)
    except (CourseError, OSError) as error:
        why = in_words(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"it is stored and holds, but the gradebook could not be written: {why} "
            "It is brought up to date by the next course command that writes marks."
        ) from error
    for line in refused:
        click.echo(f"gradebook: {line}", err=True)
