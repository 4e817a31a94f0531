"""Which of several notebooks in an upload is graded."""

from __future__ import annotations

from collections.abc import Iterable

from ...course import Unit
from ...notebook.several import is_notebook
from ..reading import one_worked_on
from .uploads import File, notebook_of


def chosen_of(files: Iterable[File], unit: Unit) -> tuple[str, bool]:
    """The path of the notebook that is graded, and whether it is this one because it alone has work in it.

    Of several, the only one that is not as it was released; else the one with the unit's name.

    Raises:
        Refused: there is none, or it cannot be told which is meant.
    """
    notebooks = [file for file in files if is_notebook(file.path)]
    worked_on = _only_worked_on(notebooks, unit) if len(notebooks) > 1 else None
    if worked_on is not None:
        return worked_on, True
    return notebook_of((file.path for file in notebooks), unit.name), False


def _only_worked_on(notebooks: list[File], unit: Unit) -> str | None:
    found = one_worked_on(unit, [file.content for file in notebooks])
    return None if found is None else notebooks[found].path
