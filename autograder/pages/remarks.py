"""What a student's page says of the mark beside its number: lateness, what a person gave or has to read."""

from __future__ import annotations

from collections.abc import Iterator

from ..course import Unit
from ..marks import Mark
from ..marks.by_hand import COMMENT
from ..notebook import read_questions
from ..results.result import Result
from .render import number


def remarks(unit: Unit, result: Result, mark: Mark | None) -> list[str]:
    """One sentence for each thing to know.

    Args:
        unit: for its written questions.
        result: of the attempt that is shown.
        mark: the student's mark; None where only what the checks gave is shown.
    """
    if mark is None:
        return list(_not_read_yet(unit, result))
    return [*_late(mark), *_given(mark), *_waiting(unit, mark)]


def _not_read_yet(unit: Unit, result: Result) -> Iterator[str]:
    asked = read_questions(unit.released_notebook)
    if asked and result.score is not None:
        names = ", ".join(f"`{question.name}`" for question in asked)
        more = number(sum(question.points for question in asked))
        yield f"Written answers ({names}) are read by a person, for up to {more} points more."


def _late(mark: Mark) -> Iterator[str]:
    if mark.counting is not None and mark.counting.penalty:
        yield f"Handed in late: {number(mark.counting.penalty)} points are taken off."


def _given(mark: Mark) -> Iterator[str]:
    """Points and comments of a person."""
    if mark.counting is None:
        return
    for name, cell in mark.counting.cells.items():
        comment = mark.counting.entries.get((name, COMMENT))
        points = f"`{name}`: {number(cell.points + cell.extra)} points by a person."
        told = ([points] if cell.by_hand else []) + ([f"`{name}`: {comment.comment}"] if comment else [])
        yield from told


def _waiting(unit: Unit, mark: Mark) -> Iterator[str]:
    if mark.counting is None or not mark.waits:
        return
    asked = {question.name for question in read_questions(unit.released_notebook)}
    names = [name for name in mark.counting.needs_person if name in asked]
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        more = number(mark.counting.waiting)
        yield f"A person still reads your written answers ({listed}, up to {more} points more)."
    if len(names) < len(mark.counting.needs_person):
        yield "A person still looks at a mark that was given by hand."
