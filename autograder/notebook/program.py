"""What of a submission goes into the sandbox: code cells and names, nothing else."""

from __future__ import annotations

from typing import Any

from .cells import Cell, Submission
from .healing import NOT_PROGRAM
from .places import check_places
from .release import Release


def to_program(submission: Submission, release: Release, libraries: tuple[str, ...]) -> dict[str, Any]:
    """The submission as plain data for ``inside.loading.compile_program``.

    Args:
        submission: the healed notebook.
        release: names the tasks and what they define.
        libraries: top-level modules that student code may import besides NumPy and the
            standard library: ``torch`` in a torch unit, what the unit names, and the
            released helper modules. Everything else becomes a placeholder.

    Returns:
        ``cells``, ``tasks``, ``checks`` (for each task, how many of the cells stand above its check),
        ``names``, ``libraries``, and ``release``: number and text of the release's own code cells,
        which the sandbox reads once for all submissions.
    """
    program = [is_program(cell) for cell in submission.cells]
    places = check_places(submission.cells, release)
    return {
        "cells": [_plain(cell) for cell in submission.cells if is_program(cell)],
        "tasks": {task: list(names) for task, names in release.tasks.items()},
        "checks": {task: sum(program[:place]) for task, place in places.items()},
        "names": list(release.names),
        "libraries": list(libraries),
        "release": tuple((cell.index + 1, cell.source) for cell in release.cells if is_program(cell)),
    }


def _plain(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.grade_id,
        "task": cell.task,
        "source": cell.source,
        "index": cell.index,
        "given": cell.locked,  # healing gave it the text of the release
    }


def is_program(cell: Cell) -> bool:
    """Whether a cell is part of the student's work: code that shows or holds no points."""
    return cell.kind == "code" and not (cell.locked and str(cell.grade_id).startswith(NOT_PROGRAM))
