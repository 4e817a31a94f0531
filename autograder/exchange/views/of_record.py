"""The mark of record as JSON: the numbers and words that the pages show."""

from __future__ import annotations

from typing import Any

from ...course import Course
from ...marks import Due
from . import words
from .overview import Overview


def mark_json(course: Course, view: Overview) -> dict[str, Any]:
    """A student's mark at a unit, how it came about, and by which date."""
    mark, counting = view.mark, view.mark.counting
    return {
        "points": mark.points,
        "out_of": mark.out_of,
        "on_top": None if counting is None else counting.on_top,
        "how": mark.how,
        "waits": mark.waits,
        "attempt": None if counting is None else counting.attempt.id,
        "rule": words.rule(course),
        **due_json(mark.due),
        "late_days": _late_days(view),
    }


def due_json(due: Due) -> dict[str, Any]:
    """A student's own date, why it is another than the unit's, and the unit's."""
    return {"due": due.moment.isoformat(), "due_why": list(due.why), "unit_due": due.unit.isoformat()}


def _late_days(view: Overview) -> dict[str, Any] | None:
    """What is left, and the date with one more, where one can be spent."""
    found = view.late_days
    if found is None:
        return None
    until = None if found.refused else found.until.isoformat()
    return {"budget": found.budget, "left": found.left, "spent_here": found.due.late_days, "until": until}
