"""What students ask a person to look at again, answered by somebody who did not mark it.

Whoever gave points or a comment at that task of that attempt has said what they think; another one looks. An
instructor may answer all the same, where nobody else is there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from ..base.errors import CourseError
from ..base.text import LONG, legible
from ..course import Unit
from ..marks import AttemptMark, by_hand, graded, read_facts, requests
from ..marks.by_hand import POINTS, Entry
from ..marks.exceptions import Deed
from ..marks.requests import LookAgain
from ..results.result import Check
from .service.identity import Caller
from .service.refusals import Refused
from .store.database import one_at_a_time
from .store.desk import Desk, stamp

LAST = 2**31 - 1  # that a database knows
WHY = "a student asked to look again"
MINE = "You gave points or a comment here yourself: somebody else answers."
ALL_THE_SAME = "You gave points or a comment here yourself. Answer only if nobody else of the staff can."


class NotAnswered(CourseError):
    """The answer is not stored; the text says why, for the person who typed it."""


@dataclass(frozen=True)
class TypedReply:
    """What the form of an answer holds."""

    text: str = ""
    points: str = ""  # "": they stay as they are
    last: int = 0  # id of the last entry that it was made with


@dataclass(frozen=True)
class Matter:
    """A request, and what it is about."""

    request: LookAgain
    unit: Unit
    mark: AttemptMark
    worth: float  # points of the task or the answer, without bonus
    checks: tuple[Check, ...]  # those that are asked about
    entries: tuple[Entry, ...]  # by hand, about it, oldest first
    written: bool  # whether it is about a written answer

    @property
    def last(self) -> int:
        """The id of the last entry; 0 where there is none."""
        return max((each.id for each in self.entries), default=0)

    @property
    def points(self) -> float:
        """What counts now."""
        cell = self.mark.cells.get(self.request.name)
        return 0.0 if cell is None else cell.points

    def barrier(self, member: Caller) -> str:
        """Why a person should not answer; "" where nothing is in the way."""
        if member.name not in {each.who for each in self.entries}:
            return ""
        return ALL_THE_SAME if member.instructor else MINE


def matter_of(desk: Desk, connection: Connection, number: int) -> Matter:
    """What a request is about, as it is now.

    Raises:
        Refused: there is no such request, or its unit or attempt is not there any more.
    """
    found = requests.find(connection, min(number, LAST))
    if found is None or found.unit not in {unit.name for unit in desk.course.units}:
        raise Refused(404, "There is no such request.")
    unit = desk.course.unit(found.unit)
    facts = read_facts(connection, desk.course, unit, found.student)
    marks = facts.mark(found.student).attempts
    mark = next((each for each in marks if each.attempt.id == found.attempt), None)
    result = graded.result_of(connection, found.attempt)
    if mark is None or mark.graded is None or result is None:
        raise Refused(404, "The attempt that it is about has no result any more.")
    task = [check for check in result.checks if check.task == found.name]
    core = sum(check.points for check in task if not check.bonus)
    return Matter(
        found,
        unit,
        mark,
        facts.questions.get(found.name, round(core, 6)),
        tuple(check for check in task if found.check in ("", check.id)),
        tuple(about(facts.entries.get(found.student, ()), found, mark.graded.answers)),
        found.name in facts.questions,
    )


def about(entries: Iterable[Entry], request: LookAgain, answers: object) -> Iterable[Entry]:
    """What people gave at the place that a request is about."""
    return (each for each in entries if each.name == request.name and each.meets(request.attempt, answers))


def to_answer(connection: Connection, units: Collection[str]) -> list[tuple[LookAgain, frozenset[str]]]:
    """The requests that wait, oldest first, each with those who marked what it is about."""
    found = []
    for each in requests.waiting(connection):
        result = graded.find(connection, each.attempt)
        if each.unit in units and result is not None:
            own = about(by_hand.of_unit(connection, each.unit, each.student), each, result.answers)
            found.append((each, frozenset(entry.who for entry in own)))
    return found


def reply(desk: Desk, number: int, typed: TypedReply, member: Caller) -> None:
    """Answer a request with a text, and with points where there are some; one transaction.

    Raises:
        NotAnswered: there is no text, the points are none, or others were here meanwhile; nothing is stored.
        Refused: there is no such request, or the member marked what it is about.
    """
    text = legible(typed.text.replace("\r\n", "\n")).strip()
    if not 0 < len(text) <= LONG:
        raise NotAnswered(f"Write a text of 1 to {LONG} letters for the student. Nothing was saved.")
    deed = Deed(member.name, stamp(desk.now()), WHY)
    with desk.database.write() as connection:
        one_at_a_time(connection, "request", str(number))
        matter = matter_of(desk, connection, number)
        if matter.barrier(member) == MINE:
            raise Refused(403, MINE)
        entry = _entry(matter, typed)
        if not requests.answer(connection, number, text, deed):
            raise NotAnswered(f"{matter.request.answered_by} has answered it meanwhile. Nothing was saved.")
        if entry is not None:
            by_hand.add(connection, entry, deed)


def _entry(matter: Matter, typed: TypedReply) -> Entry | None:
    """The points that were typed; None where they stay.

    Raises:
        NotAnswered: they are none, or others gave some meanwhile.
    """
    if not typed.points.strip():
        return None
    try:
        points = float(typed.points)
    except ValueError:
        points = math.nan
    if not 0 <= points <= matter.worth:
        raise NotAnswered(f"Points are a number from 0 to {matter.worth:g}, such as 1.5. Nothing was saved.")
    if typed.last != matter.last:
        raise NotAnswered("Somebody has given points here meanwhile; see above. Nothing was saved.")
    name, attempt = matter.request.name, matter.mark.attempt
    cell = matter.mark.cells.get(name)
    answers = matter.mark.graded.answers if matter.mark.graded is not None else {}
    return Entry(
        matter.unit.name,
        attempt.student,
        attempt.id,
        name,
        POINTS,
        points,
        answer=answers.get(name, "") if matter.written else "",
        automatic=None if cell is None else cell.automatic,
    )
