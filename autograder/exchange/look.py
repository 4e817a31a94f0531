"""What handing in these files would mean: what is read, healed, still a stub, ignored.

Reading and healing look at text only. Nothing of a student's is parsed as Python in the
service's process, which a hostile nesting could end; ``course preflight``, on the student's
own side, looks further.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import Unreadable
from ..course import Course, Unit
from ..notebook import (
    Question,
    Release,
    Submission,
    is_answered,
    read_questions,
    read_release,
    read_submission,
    tasks_left,
)
from .store.chosen import chosen_of
from .store.uploads import File


@dataclass(frozen=True)
class Look:
    """What the exchange makes of an upload before it is handed in."""

    notebook: str
    unreadable: str = ""  # why it is no notebook
    healed: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()  # tasks that are not written yet
    written: tuple[str, ...] = ()
    unanswered: tuple[Question, ...] = ()  # written questions that are as they were given
    ignored: tuple[str, ...] = ()  # files that are kept but not graded
    alone: bool = False  # of several notebooks the only one with work in it

    @property
    def good(self) -> bool:
        """True where there is nothing to say."""
        return not (self.unreadable or self.healed or self.stubs or self.unanswered)


def look_at(course: Course, unit: Unit, files: tuple[File, ...]) -> Look:
    """Look at an upload by the same code that reads it for grading.

    Raises:
        Refused: there is no notebook in it.
    """
    path, alone = chosen_of(files, unit)
    content = next(file.content for file in files if file.path == path)
    ignored = tuple(file.path for file in files if file.path != path)
    release = read_release(unit.released_notebook)
    try:
        submission = _read(content, release, course.limits_of(unit).notebook_mib)
    except Unreadable as error:
        return Look(path, unreadable=str(error), ignored=ignored, alone=alone)
    stubs = tasks_left(submission, release)
    written = tuple(task for task in release.tasks if task not in stubs)
    asked = read_questions(unit.released_notebook)
    unanswered = tuple(question for question in asked if not is_answered(question, submission, release))
    return Look(path, "", submission.healed, stubs, written, unanswered, ignored, alone)


def _read(content: bytes, release: Release, most: int) -> Submission:
    with tempfile.NamedTemporaryFile(suffix=".ipynb") as file:
        file.write(content)
        file.flush()
        return read_submission(Path(file.name), release, most)
