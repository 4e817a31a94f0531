"""Written answers of an attempt: what a person reads, and what was left as it was given."""

from __future__ import annotations

from dataclasses import dataclass

from ...base.errors import Unreadable
from ...course import Unit
from ...notebook import Question, is_answered, read_questions, read_release, read_submission
from ..store.attempts import Attempt
from ..store.desk import Desk


@dataclass(frozen=True)
class Answer:
    """One written question, and whether this attempt says something to it."""

    question: Question
    given: bool


def answers(desk: Desk, unit: Unit, attempt: Attempt) -> tuple[Answer, ...]:
    """What an attempt has at the unit's written questions, in the notebook's order."""
    asked = read_questions(unit.released_notebook)
    if not asked:
        return ()
    release = read_release(unit.released_notebook)
    path = desk.blobs.path(attempt.notebook.sha256)
    try:
        submission = read_submission(path, release, desk.course.limits_of(unit).notebook_mib)
    except Unreadable:
        return tuple(Answer(question, False) for question in asked)
    return tuple(Answer(question, is_answered(question, submission, release)) for question in asked)
