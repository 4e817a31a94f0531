"""Who of the staff may do what.

All staff see everything, mark, comment and answer. What reaches the whole class at once, moves a date, or
takes marks out of the course is a right: instructors have all of them, assistants those that the course
names (``Course.assistants_may``). Every page and every address of the JSON interface asks here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...base.errors import ConfigError
from ...course import RIGHTS, Course
from ...marks.roster import read_roster, roster_file
from .refusals import Refused

RELEASE, EXTEND, REGRADE, HAND_OUT, EXPORT = RIGHTS
MANAGING = (RELEASE, REGRADE, EXPORT)  # what is done with a unit as a whole
# What each is, in words that stand behind "may".
WORDS: Mapping[str, str] = {
    RELEASE: "release a unit or take it back",
    EXTEND: "give more time or take it back",
    REGRADE: "grade a whole unit anew, or look at what that would change",
    HAND_OUT: "hand out comments and feedback",
    EXPORT: "export marks",
}


def rights_of(course: Course, staff: bool, instructor: bool) -> frozenset[str]:
    """The rights of a member."""
    return frozenset(RIGHTS if instructor else course.assistants_may if staff else ())


def demand(course: Course, rights: Collection[str], wanted: str) -> None:
    """Go on only where a member has a right.

    Raises:
        Refused: they have not; the text says who has.
    """
    if wanted not in rights:
        raise Refused(403, f"Only instructors may {WORDS[wanted]}. Nothing was changed. {who_may(course)}")


def who_may(course: Course) -> str:
    """Whom to ask: the instructors by name, as far as the roster tells."""
    try:
        names = read_roster(roster_file(course)).names("instructor")
    except (ConfigError, OSError):
        names = []
    return f"Ask one of them: {', '.join(names)}." if names else f"Ask an instructor of {course.title}."
