"""What handing in these files would mean: what is read, healed, still a stub, ignored.

It says what ``course preflight`` says, but for what comes of running the notebook: nothing of a student's
runs here. Nor is it parsed as Python in the service's process, which a hostile nesting could end: that, and
large files, are read beside it (``reading.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..base.errors import Unreadable
from ..course import Course, Unit
from ..notebook import Question, read_questions, read_release
from .reading import facts_of, read_closely
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
    lost: tuple[str, ...] = ()  # what else would cost points, sentences of preflight's
    left_out: tuple[str, ...] = ()  # of the notebook, which costs nothing
    unread: bool = False  # where these two could not be found out
    alone: bool = False  # of several notebooks the only one with work in it

    @property
    def good(self) -> bool:
        """True where there is nothing to say."""
        return not (
            self.unreadable or self.healed or self.stubs or self.unanswered or self.lost or self.unread
        )


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
        facts = facts_of(unit, content, course.limits_of(unit).notebook_mib)
    except Unreadable as error:
        return Look(path, unreadable=str(error), ignored=ignored, alone=alone)
    stubs, asked = tuple(facts["stubs"]), read_questions(unit.released_notebook)
    written = tuple(task for task in release.tasks if task not in stubs)
    unanswered = tuple(question for question in asked if question.name in facts["unanswered"])
    return Look(path, "", tuple(facts["healed"]), stubs, written, unanswered, ignored, alone=alone)


def look_closely(course: Course, unit: Unit, files: tuple[File, ...], look: Look) -> Look:
    """Add what only a parser of Python sees, in a process of its own; it takes a second.

    Args:
        course: for the limits of reading.
        unit: that the upload is for.
        files: of the upload.
        look: what ``look_at`` made of it.
    """
    if look.unreadable:
        return look
    content = next(file.content for file in files if file.path == look.notebook)
    try:
        found = read_closely(unit, content, course.limits_of(unit).notebook_mib)
    except Unreadable:
        return replace(look, unread=True)
    return replace(look, lost=tuple(found["lost"]), left_out=tuple(found["ignored"]))
