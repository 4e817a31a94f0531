"""What is still the stub: a cell by its text, a function by what it does.

Text is enough to say that nothing was written. What is in a cell, and whether a function only
raises, is seen when it is parsed; the exchange's service does not parse what students wrote.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..inside.program import magics
from ..inside.program.unfinished import only_raises
from .cells import Cell, Submission
from .release import Release

__all__ = ["is_stub", "names_left", "only_raises", "same_text", "tasks_left"]


def is_stub(cell: Cell, released: Cell | None) -> bool:
    """Whether a cell is empty, or has the text of the released cell that it comes from."""
    return not cell.source.strip() or (released is not None and same_text(cell, released))


def same_text(cell: Cell, released: Cell) -> bool:
    """Whether a cell has the text of a released one, but for what editors change on their own."""
    return cell.source == released.source or cell.plain == released.plain


def tasks_left(submission: Submission, release: Release) -> tuple[str, ...]:
    """The tasks, in the notebook's order, whose cells hold nothing but the stub. Parses nothing."""
    released = [cell for cell in release.cells if cell.task is not None]
    cells = {cell.task: [own for own in submission.cells if own.task == cell.task] for cell in released}
    return tuple(
        str(cell.task)
        for cell in released
        if cells[cell.task] and all(is_stub(own, cell) for own in cells[cell.task])
    )


def names_left(submission: Submission, release: Release) -> dict[str, tuple[str, ...]]:
    """By task, the functions and methods that still only raise, wherever in the notebook they stand."""
    written: dict[str, bool] = {}  # in any cell: a stub that another one replaces is none
    for cell in submission.cells:
        for name, is_written in _functions(cell.source) if cell.kind == "code" else ():
            written[name] = is_written or written.get(name, False)
    found = {}
    for task in release.tasks:
        stubs = [cell for cell in release.cells if cell.task == task]
        asked = [name for cell in stubs for name, is_written in _functions(cell.source) if not is_written]
        left = tuple(name for name in asked if written.get(name) is False)
        if left:
            found[task] = left
    return found


def _functions(source: str) -> Iterator[tuple[str, bool]]:
    """Functions, methods and names of a cell: ``("Conv2d.forward", is it written)``."""
    try:
        module = magics.parse(source)
    except SyntaxError:
        return
    for node in module.body if module else ():
        if isinstance(node, ast.FunctionDef):
            yield node.name, not only_raises(node)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            yield from ((f"{node.name}.{part.name}", not only_raises(part)) for part in methods)
        elif isinstance(node, ast.Assign):
            yield from ((target.id, True) for target in node.targets if isinstance(target, ast.Name))
