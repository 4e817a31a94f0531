"""Written questions: what a person marks, on top of the points that the checks give."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..base.digest import digest_of
from .cells import Submission
from .release import Release


@dataclass(frozen=True)
class Question:
    """One written question, as students know it."""

    name: str
    points: float


def read_questions(path: Path) -> tuple[Question, ...]:
    """The written questions of a released notebook; none where nothing was built yet."""
    if not path.is_file():
        return ()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return tuple(
        Question(mark["grade_id"], float(mark["points"]))
        for mark in marks
        if mark.get("grade") and mark.get("solution")
    )


def is_answered(question: Question, submission: Submission, release: Release) -> bool:
    """False where the answer is gone, empty, or still the text of the release."""
    released = {cell.plain for cell in release.cells if cell.grade_id == question.name}
    own = {cell.plain for cell in submission.cells if cell.grade_id == question.name}
    return bool(own - released - {""})


def answers_of(names: Iterable[str], submission: Submission, release: Release) -> dict[str, str]:
    """Digests of the written answers by question; "" for one that is gone, empty, or as it was released.

    Blanks that editors add and remove make no other answer.
    """
    found = {}
    for name in names:
        released = {cell.plain for cell in release.cells if cell.grade_id == name}
        own = [cell.plain for cell in submission.cells if cell.grade_id == name]
        said = [text for text in own if text and text not in released]
        found[name] = digest_of("\n\n".join(said)) if said else ""
    return found
