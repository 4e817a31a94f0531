"""A suite's checks on a text in a room of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.course import Limits
from autograder.sandbox import Sandbox
from autograder.student.subjects import RoomSubject

LIMITS = Limits(call_seconds=2, test_seconds=4, load_seconds=6, whole_seconds=6, memory_mib=256)


@contextmanager
def room_of(zygote: Sandbox, source: str, names: list[str]) -> Iterator[RoomSubject]:
    """A notebook of one cell, ready to be asked."""
    cells = [{"id": "cell", "task": None, "source": textwrap.dedent(source), "index": 0}]
    program = {"cells": cells, "tasks": {}, "names": names, "libraries": ["numpy"]}
    with zygote.open(program) as room:
        subject = RoomSubject(room, LIMITS)
        try:
            yield subject
        finally:
            subject.close()
