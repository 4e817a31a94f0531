"""What the pages say about marks and dates, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ...course import Course
from ...marks import AttemptMark, Due
from ...marks.by_hand import EXTRA
from ...marks.exceptions import DAYS, FACTOR, HOURS, LATE_DAY, UNTIL, Exemption
from ...pages.render import day, number
from ...results.late import lateness

RULES = {
    "best": "The best mark after lateness counts. Of equal ones the last does.",
    "last": "The last attempt that has a mark counts.",
}


def rule(course: Course) -> str:
    """Which attempt counts."""
    return RULES[course.counts]


def worth(mark: AttemptMark) -> str:
    """How the mark of one attempt comes about, in sentences; empty where it has none."""
    return " ".join(_worth(mark)) if mark.sound else ""


def _worth(mark: AttemptMark) -> Iterable[str]:
    core = sum(cell.automatic or 0.0 for cell in mark.cells.values())
    bonus = sum(cell.bonus for cell in mark.cells.values())
    who = "The checks" if mark.kept is None else "An earlier grading, which stands because it was better,"
    yield f"{who} gave {points(core)}{f' and {number(bonus)} bonus' if bonus else ''}."
    if any(cell.by_hand for cell in mark.cells.values()):
        change = round(mark.before_lateness - mark.automatic, 6)
        yield f"By hand: {'+' if change >= 0 else '−'}{number(abs(change))}."
    if mark.late.percent:
        yield f"Handed in late: minus {number(mark.late.percent)} %, which is {points(mark.penalty)}."
    if mark.waiting:
        yield f"{points(mark.waiting)} more wait for a person."


def warning(course: Course, due: Due, now: datetime) -> str:
    """What handing in now would cost; empty where it is in time."""
    late = lateness(course.late, due.moment, now.isoformat())
    if not late.percent:
        return ""
    if late.percent >= 100:
        return "The late period is over: what you hand in now gets no points."
    return f"Your due date is over: what you hand in now loses {number(late.percent)} % of its points."


def exemption(each: Exemption) -> str:
    """What an exception from the due date gives."""
    if each.kind == UNTIL:
        return f"until {day(datetime.fromisoformat(each.value))}"
    if each.kind == FACTOR:
        return f"{each.value} times the working time"
    words = {DAYS: "day", HOURS: "hour", LATE_DAY: "late day"}
    return f"{each.value} {words[each.kind]}{'' if each.value == '1' else 's'}"


def given(mark: AttemptMark, name: str) -> str:
    """What a person gave for a task or an answer, in place of what the checks gave; empty where nothing."""
    cell = mark.cells.get(name)
    if cell is None or not cell.by_hand:
        return ""
    extra = f" and {number(cell.extra)} extra" if (name, EXTRA) in mark.entries else ""
    return f"{number(cell.points)}{extra} by hand"


def points(count: float) -> str:
    """Points as people say them."""
    return f"{number(count)} point{'' if count == 1 else 's'}"
