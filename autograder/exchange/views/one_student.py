"""One student over all units, as staff see it: attempts, dates, exceptions, marks and how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ...marks import Total, exceptions, read_facts_of, requests, total_of
from ...marks.dates import closes
from ...marks.requests import LookAgain
from ...marks.roster import Member
from ..store.desk import Desk
from .class_list import members_of
from .for_staff import ByHandRow, ExemptionRow, by_hand_rows, exemption_rows
from .overview import Overview, overviews


@dataclass(frozen=True)
class AtUnit:
    """What a student has at one unit."""

    view: Overview
    exemptions: Sequence[ExemptionRow]
    by_hand: Sequence[ByHandRow]
    requests: Sequence[LookAgain]  # that wait


@dataclass(frozen=True)
class OneStudent:
    """What is known of one student."""

    student: str
    member: Member | None
    units: Sequence[AtUnit]
    total: Total


def one_student(desk: Desk, connection: Connection, student: str) -> OneStudent | None:
    """All of one student; None for who is on no roster, has no attempt and no exception."""
    course, now = desk.course, desk.now()
    members, _ = members_of(course)
    waiting = requests.waiting(connection, student=student)
    known = read_facts_of(connection, course, student)
    units = []
    for view in overviews(desk, connection, student, known):
        mine = exemption_rows(known[view.unit.name], {student})
        asked = [each for each in waiting if each.unit == view.unit.name]
        units.append(AtUnit(view, mine, by_hand_rows([view.mark]), asked))
    own = exceptions.of_student(connection, student)
    if student not in members and not own and not any(each.view.lines for each in units):
        return None
    marks = {each.view.unit.name: each.view.mark for each in units}
    over = tuple(name for name, mark in marks.items() if closes(course, mark.due) < now)
    return OneStudent(student, members.get(student), units, total_of(course, marks, over))
