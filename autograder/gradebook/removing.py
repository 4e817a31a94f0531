"""Takes a student out of nbgrader's gradebook, and away from its folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from ..course import Course
from ..results.store import safe_name
from .database import gradebook_exists, one_writer, open_gradebook
from .folders import Folders

STEPS = ("submitted", "autograded", "feedback")  # of nbgrader, each with a folder per student


def folders_of_student(course: Course, student: str) -> Iterator[Path]:
    """What nbgrader keeps of a student as files."""
    root = Folders(course).root
    for step in STEPS:
        for name in dict.fromkeys((student, safe_name(student))):
            path = root / step / name
            if path.parent == root / step and name not in (".", "..") and path.is_dir():
                yield path


def remove_from_gradebook(course: Course, student: str) -> bool:
    """Remove the student's rows and folders; whether there were rows."""
    with one_writer(course):
        for path in folders_of_student(course, student):
            shutil.rmtree(path)
        if not gradebook_exists(course):
            return False
        with open_gradebook(course) as gradebook:
            if student not in {each.id for each in gradebook.students}:
                return False
            gradebook.remove_student(student)
            return True
