"""Submitted notebooks on the trusted side: reading, healing, and what goes into the sandbox."""

from .cells import Cell, Submission
from .healing import heal, read_submission
from .program import to_program
from .questions import Question, answers_of, is_answered, read_questions
from .release import Release, importable, read_release, read_released
from .stubs_left import names_left, tasks_left

# Modules of this package that other packages import.
FACE = ("finding", "folders", "found", "left_out", "naming", "platforms", "reading", "release", "several")

__all__ = [
    "Cell",
    "Question",
    "Release",
    "Submission",
    "answers_of",
    "heal",
    "importable",
    "is_answered",
    "names_left",
    "read_questions",
    "read_release",
    "read_released",
    "read_submission",
    "tasks_left",
    "to_program",
]
