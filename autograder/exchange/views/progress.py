"""How far the marking of all written questions is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from ...course import Course, Unit
from ..store import in_hand
from .known_piles import KnownPiles
from .pile import Pile


@dataclass(frozen=True)
class MarkingProgress:
    """One question, and who has answers to it before them."""

    unit: Unit
    pile: Pile
    here: tuple[str, ...]


def progress_of(
    connection: Connection, course: Course, known: KnownPiles, now: float
) -> list[MarkingProgress]:
    """All written questions of a course, in its order.

    Args:
        connection: to the exchange's database.
        course: the course.
        known: what was computed before.
        now: seconds since 1970.
    """
    held, found = in_hand.held(connection, now), []
    for unit in course.units:
        for name, pile in known.of_unit(connection, course, unit).items():
            own = {(answer.attempt.id, name) for answer in pile.answers}
            here = Counter(who for place, who in held.items() if place in own)
            found.append(MarkingProgress(unit, pile, tuple(sorted(here))))
    return found
