"""How many of what there are at each unit, counted by the database: no attempt is read for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, distinct, func, select

from ...marks import requests
from ...marks.tables import ATTEMPTS, RESULTS
from .tables import QUEUE


@dataclass(frozen=True)
class Tally:
    """One unit in numbers."""

    students: int = 0  # who handed in
    attempts: int = 0
    in_line: int = 0  # attempts that wait or are being graded
    no_score: int = 0  # attempts that a fault of ours left without one
    requests: int = 0  # "please look again", not answered


def tallies(connection: Connection) -> dict[str, Tally]:
    """Of every unit with an attempt, in as many queries as there are kinds of numbers."""
    unit = ATTEMPTS.c.unit
    counts = select(unit, func.count(distinct(ATTEMPTS.c.student)), func.count()).group_by(unit)
    queued = select(unit, func.count()).join(QUEUE, QUEUE.c.attempt == ATTEMPTS.c.id).group_by(unit)
    in_line = _counted(connection, queued.where(QUEUE.c.trouble == ""))
    no_score = _counted(connection, queued.where(QUEUE.c.trouble != ""))
    no_score += _counted(connection, _left_without_score())
    waiting = requests.how_many_wait(connection)
    return {
        name: Tally(students, attempts, in_line[name], no_score[name], waiting.get(name, 0))
        for name, students, attempts in connection.execute(counts)
    }


def _counted(connection: Connection, query: Select[Any]) -> Counter[str]:
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _left_without_score() -> Select[Any]:
    """Attempts that nobody grades any more, and that have no score, by unit."""
    query = select(ATTEMPTS.c.unit, func.count())
    query = query.outerjoin(RESULTS, RESULTS.c.attempt == ATTEMPTS.c.id)
    query = query.outerjoin(QUEUE, QUEUE.c.attempt == ATTEMPTS.c.id)
    return query.where(QUEUE.c.attempt.is_(None), RESULTS.c.score.is_(None)).group_by(ATTEMPTS.c.unit)
