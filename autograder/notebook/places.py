"""Where the checks of a notebook stand.

A name is what it was where the task's check stands. A check stands where the student's notebook has it, as
long as it follows the cell that it follows in the release. A check that was moved, or whose cell was, stands
right below that cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .cells import Cell
from .release import Release


def check_places(cells: Sequence[Cell], release: Release) -> dict[str, int]:
    """For each task, how many cells stand above its check."""
    last = {cell.grade_id: at for at, cell in enumerate(cells) if cell.grade_id}
    named = [cell.grade_id for cell in release.cells if cell.grade_id]
    return {task: _place(_before(task, named, last), f"check-{task}", cells, last) for task in release.tasks}


def _before(task: str, named: Sequence[str], last: Mapping[str, int]) -> str | None:
    """The cell that the check of a task follows, of those that are there."""
    check = f"check-{task}"
    above = named[: named.index(check)] if check in named else named[: named.index(task) + 1]
    return next((name for name in reversed(above) if name in last), None)


def _place(before: str | None, check: str, cells: Sequence[Cell], last: Mapping[str, int]) -> int:
    at = last.get(check)
    if at is not None and before == next((c.grade_id for c in reversed(cells[:at]) if c.grade_id), None):
        return at
    return last[before] + 1 if before is not None else 0
