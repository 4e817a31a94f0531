"""What is wrong with a check itself, told to its author: where, what, and what to write instead."""

from __future__ import annotations

import traceback
from pathlib import Path

from ..base.time_limit import JudgeTimeout
from ..checks.expectations import Answered, Unpacked
from ..student import Notes, Raised
from ..student.steps import where_to_raise
from ..unit.criteria import Mark
from ..unit.mistakes.edits import short


def told(error: BaseException) -> str:
    """What was raised."""
    return str(error) if isinstance(error, JudgeTimeout) else f"{type(error).__name__}: {error}"


def placed(error: BaseException, grader: Path, mark: Mark) -> str:
    """The same with the file, the line of the check where it happened, and the check's name."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if _is_of(frame, grader)]
    return f"{short(grader)}:{[mark.line, *lines][-1]}: {mark.id}: {told(error)}"


def refuse_what_judges_nobody(notes: Notes) -> None:
    """A check expects something, and the reference raises only where that is expected.

    Raises:
        TypeError: with a sentence for the author.
    """
    for number, twin in enumerate(notes.twins):
        if isinstance(twin, Raised) and number not in notes.claimed:
            step, error = notes.steps[number], twin.error
            advice = where_to_raise(step, "Write raises(...) where it should.")
            raise TypeError(f"the reference raised {type(error).__name__} in {step.label}: {error}. {advice}")
    if all(isinstance(event, (Answered, Unpacked)) for event in notes.events):
        raise TypeError(
            "it expects nothing, so it passes whatever comes. Say what is right: right(reply), "
            "close(reply, other), raises(ValueError, reply), unchanged(student, arrays, ...)."
        )


def _is_of(frame: object, grader: Path) -> bool:
    return Path(frame.f_code.co_filename) == grader  # type: ignore[attr-defined]
