"""What of a submission goes into the sandbox: code cells and names, nothing else."""

from __future__ import annotations

from typing import Any

from .cells import Cell, Submission
from .healing import NOT_PROGRAM
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
        ``cells``, ``tasks``, ``names``, ``libraries``, and ``release``: number and
        text of the release's own code cells, which the sandbox reads once for all submissions.
    """
    cells = [_plain(cell) for cell in submission.cells if cell.kind == "code" and not _is_check(cell)]
    return {
        "cells": cells,
        "tasks": {task: list(names) for task, names in release.tasks.items()},
        "names": list(release.names),
        "libraries": list(libraries),
        "release": tuple(
            (cell.index + 1, cell.source)
            for cell in release.cells
            if cell.kind == "code" and not _is_check(cell)
        ),
    }


def _plain(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.grade_id,
        "task": cell.task,
        "source": cell.source,
        "index": cell.index,
        "given": cell.locked,  # healing gave it the text of the release
    }


def _is_check(cell: Cell) -> bool:
    return cell.locked and str(cell.grade_id).startswith(NOT_PROGRAM)
