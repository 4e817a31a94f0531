"""One student's data deleted: the rows, the files, and what was written from them.

The record first, then the facts, then what was written from them: a kill leaves work to do, and no name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from ..course import Course
from ..gradebook.removing import folders_of_student, remove_from_gradebook
from ..marks.pseudonyms import pseudonym
from ..results.audit import note, rename
from ..results.store import result_path, safe_name
from .store.desk import Desk
from .store.personal import Holding, delete_facts


def places_of(course: Course, student: str) -> Iterator[Path]:
    """Files and folders that are written from a student's facts."""
    for unit in course.units:
        for path in (
            result_path(course, unit.name, student),
            course.data_folder / "feedback" / unit.name / safe_name(student),
        ):
            if path.exists():
                yield path
    yield from folders_of_student(course, student)


def forget_student(desk: Desk, found: Holding) -> tuple[str, int, int]:
    """Delete all that the course has of a student; the audit keeps its lines under a pseudonym.

    Returns:
        the pseudonym; how many files went; how many stay for an hour because they were touched lately.
    """
    from ..judge.secret import course_secret

    course, student = desk.course, found.student
    name = pseudonym(course_secret(course), student)
    for unit in course.units:
        rename(course, unit.name, student, name)
        for each in (each for each in found.attempts if each.unit == unit.name):
            said = f"received {each.received}, SHA-256 {each.sha256 or 'not kept'}"
            note(course, unit.name, f"data of {name} deleted: attempt {each.number}, {each.id}, {said}")
    places = list(places_of(course, student))
    gone, left = delete_facts(desk, student)
    for path in places:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    remove_from_gradebook(course, student)
    return name, gone, left
