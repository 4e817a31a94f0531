"""What is wrong with a check itself, told to its author: where, what, and what to write instead."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from pathlib import Path

from ..base.errors import ConfigError, did_you_mean
from ..base.time_limit import JudgeTimeout
from ..checks.expectations import Answered, Unpacked
from ..student import Notes, Raised
from ..student.steps import where_to_raise
from ..unit.criteria import Criterion
from ..unit.mistakes.edits import short


def told(error: BaseException) -> str:
    """What was raised."""
    return str(error) if isinstance(error, JudgeTimeout) else f"{type(error).__name__}: {error}"


def placed(error: BaseException, grader: Path, mark: Criterion) -> str:
    """The same with the file, the line of the check where it happened, and the check's name."""
    return f"{short(grader)}:{_line(error, grader, mark)}: {mark.id}: {told(error)}"


def upset(error: BaseException, grader: Path, mark: Criterion) -> str:
    """An answer on which the check itself raised. Its words may be made of a hidden input: they stay here."""
    kind = type(error).__name__ if type(error).__module__ == "builtins" else "an exception"
    where = f"{short(grader)}:{_line(error, grader, mark)}"
    return f"the check itself raised {kind} ({where}); with the reference it passes"


def _line(error: BaseException, grader: Path, mark: Criterion) -> int:
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if _is_of(frame, grader)]
    return [mark.line, *lines][-1]


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


def refuse_unknown_names(grader: Path, marks: Iterable[Criterion], known: list[str]) -> None:
    """A check stands on functions that tasks define.

    Raises:
        ConfigError: ``on=`` names something else.
    """
    for mark in marks:
        for name in mark.on:
            if name not in known:
                raise ConfigError(
                    f"{grader}:{mark.line}: {mark.id} stands on {name!r}, expected the name of a function "
                    f"that a task defines: {did_you_mean(name, known)}"
                )


def _is_of(frame: object, grader: Path) -> bool:
    return Path(frame.f_code.co_filename) == grader  # type: ignore[attr-defined]
