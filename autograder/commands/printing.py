"""Standard output of a command that was asked for JSON: one document and nothing else.

A course's own files are Python, and may print; so may a library, or a program that one of them
starts. With ``--json`` all of that goes to standard error, and only ``print_json`` still
reaches standard output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click

from ..base.errors import naming
from ..course import Course, Unit

OUTPUT = "standard output"  # as an error names it
STDOUT, STDERR = 1, 2  # file descriptors: what a started program inherits
_real: list[TextIO] = []  # standard output as it was, while it is kept clean


@contextmanager
def only_json() -> Iterator[None]:
    """Send what is printed to standard error, by this process and by those that it starts."""
    before = sys.stdout
    if before is None or sys.stderr is None:  # started with one of them closed
        yield
        return
    before.flush()
    ours, kept = _apart(before)
    _real.append(ours)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdout = before
        _real.remove(ours)
        if kept is not None:
            os.dup2(kept, STDOUT)
            os.close(kept)
        if ours is not before:
            with suppress(OSError):  # print_json has said it
                ours.close()


def print_json(value: Any) -> None:
    """Print the document; where nothing is kept apart, as anything else is printed.

    Raises:
        OSError: standard output cannot take it.
    """
    text = json.dumps(value, indent=1)  # ASCII: any terminal and any half character
    stream = _real[-1] if _real else sys.stdout
    with naming(OUTPUT):
        print(text, file=stream, flush=True)


def end_output() -> None:
    """Give standard output up: what could not be written would else fail once more at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)


def _apart(stream: TextIO) -> tuple[TextIO, int | None]:
    """A stream for the document, and what is to become descriptor 1 again (None: it is not ours)."""
    try:
        ours = stream.fileno() == STDOUT
    except (OSError, ValueError):  # a test's stream in memory
        return stream, None
    kept = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    return (os.fdopen(os.dup(kept), "w", encoding="utf-8") if ours else stream), kept


def warn_unproven(course: Course, unit: Unit) -> None:
    """Say on stderr where nobody knows that a unit's checks are right on the papers in use."""
    from ..judge.secret import course_secret
    from ..prove import why_unproven

    if why := why_unproven(course, unit, course_secret(course)):
        click.echo(f"course: {why}; until then nobody knows that these checks are right on them", err=True)
