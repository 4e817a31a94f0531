"""Submitted notebooks on the trusted side: reading, healing, and what goes into the sandbox."""

from .cells import Cell, Release, Submission
from .healing import heal, read_submission
from .program import to_program
from .questions import Question, is_answered, read_questions
from .reading import read_release

__all__ = [
    "Cell",
    "Question",
    "Release",
    "Submission",
    "heal",
    "is_answered",
    "read_questions",
    "read_release",
    "read_submission",
    "to_program",
]
