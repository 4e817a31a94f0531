"""Which attempt counts: the best that came in time.

Only where none came in time does a late one count: the one with most left after the
late policy. Of equal ones the last counts: it may hold a written answer that the others
lack. An attempt without a score by a fault of ours is no candidate until it is graded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...course import Course, Unit
from ...results.late import Lateness, lateness
from ..store.attempts import Attempt
from ..store.graded import Graded


def counting(
    course: Course, unit: Unit, attempts: Iterable[Attempt], graded: Mapping[str, Graded]
) -> Attempt | None:
    """The attempt of one student that counts, or None where none is graded."""
    sound = [a for a in attempts if a.id in graded and graded[a.id].score is not None]
    in_time = [a for a in sound if not late(course, unit, a).percent]
    return max(
        in_time or sound,
        key=lambda a: (mark(course, unit, a, graded[a.id]), a.number),
        default=None,
    )


def late(course: Course, unit: Unit, attempt: Attempt) -> Lateness:
    """How late an attempt is."""
    return lateness(course.late, unit.due, attempt.received)


def mark(course: Course, unit: Unit, attempt: Attempt, graded: Graded) -> float:
    """Points with bonus, less what being late costs."""
    points = (graded.score or 0.0) + graded.bonus
    return points - late(course, unit, attempt).penalty(points)
