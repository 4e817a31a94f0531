"""Tokens: an explanation costs one, and they come back with time.

The level is computed from what was spent, so there is nothing that could get out of step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from ...course import HintTokens
from ...results.result import Check, Verdict
from ..service.refusals import Refused
from .database import one_at_a_time
from .tables import EXPLAINED, OPENINGS


@dataclass(frozen=True)
class Purse:
    """A student's tokens for one unit."""

    level: float
    next_in: float | None  # seconds until there is one more; None where none will come

    @property
    def whole(self) -> int:
        """Tokens that can be spent now."""
        return int(self.level + 1e-9)


def level(tokens: HintTokens, spent: Iterable[float], now: float) -> Purse:
    """The level after spending one token at each of the times.

    Args:
        tokens: start, rate and maximum.
        spent: seconds since 1970.
        now: the same.
    """
    moments = sorted(spent)
    left, at = min(tokens.start, tokens.maximum), moments[0] if moments else now
    for moment in moments:
        left = _filled(tokens, left, moment - at) - 1
        at = moment
    left = _filled(tokens, left, now - at)
    missing = int(left + 1e-9) + 1 - left
    reachable = tokens.per_hour > 0 and left + missing <= tokens.maximum
    return Purse(left, missing / tokens.per_hour * 3600 if reachable else None)


def _filled(tokens: HintTokens, left: float, seconds: float) -> float:
    return min(tokens.maximum, left + max(seconds, 0.0) / 3600 * tokens.per_hour)


def about(task: str, checks: Iterable[Check]) -> str:
    """Names what would be explained: the same failure in another attempt has the same name."""
    parts = [
        f"{check.id}|{check.mistake}|{check.reason}|{check.hint}"
        for check in checks
        if check.task == task and check.verdict is not Verdict.PASSED
    ]
    return hashlib.sha256("\n".join([task, *parts]).encode("utf-8", "replace")).hexdigest()


def explains(check: Check) -> str:
    """Names what is told of one check: a known mistake is the same whichever check of the task shows it."""
    told = check.mistake or f"{check.id}|{check.reason}|{check.hint}"
    return hashlib.sha256(f"{check.task}\n{told}".encode("utf-8", "replace")).hexdigest()


def spent(connection: Connection, unit: str, student: str) -> dict[str, float]:
    """What a student has paid for, and when."""
    query = select(OPENINGS.c.about, OPENINGS.c.moment).where(
        OPENINGS.c.unit == unit, OPENINGS.c.student == student
    )
    return {row.about: row.moment for row in connection.execute(query)}


def spent_at(connection: Connection, units: Collection[str], student: str) -> dict[str, dict[str, float]]:
    """The same at these units, by unit."""
    query = select(OPENINGS.c.unit, OPENINGS.c.about, OPENINGS.c.moment)
    query = query.where(OPENINGS.c.unit.in_(units), OPENINGS.c.student == student)
    found: dict[str, dict[str, float]] = {}
    for unit, about, moment in connection.execute(query):
        found.setdefault(unit, {})[about] = moment
    return found


def opened(connection: Connection, unit: str, student: str) -> frozenset[str]:
    """Names of all that was opened: by ``about`` of a task in an attempt, and by ``explains`` of a check."""
    query = select(EXPLAINED.c.about).where(EXPLAINED.c.unit == unit, EXPLAINED.c.student == student)
    return frozenset((*spent(connection, unit, student), *connection.execute(query).scalars()))


def pay(
    connection: Connection,
    tokens: HintTokens,
    unit: str,
    student: str,
    name: str,
    now: float,
    shows: Iterable[str] = (),
) -> None:
    """Open the explanation of one task in one attempt; what is open already costs nothing.

    Args:
        connection: a transaction that may write.
        tokens: how many there are, and how they come back.
        unit: of the attempt.
        student: who pays.
        name: of the task as it fails in the attempt (``about``).
        now: seconds since 1970.
        shows: names of what is told of its checks (``explains``).

    Raises:
        Refused: there is no token; the text says when there is one.
    """
    one_at_a_time(connection, "openings", unit, student)
    before = spent(connection, unit, student)
    if name in before:
        return
    purse = level(tokens, before.values(), now)
    if purse.whole < 1:
        wait = f"The next one comes in {duration(purse.next_in)}." if purse.next_in else ""
        raise Refused(429, f"You have no token left. {wait}".strip(), retry_after=purse.next_in)
    connection.execute(insert(OPENINGS).values(unit=unit, student=student, about=name, moment=now))
    for each in frozenset(shows) - opened(connection, unit, student):
        connection.execute(insert(EXPLAINED).values(unit=unit, student=student, about=each))


def duration(seconds: float) -> str:
    """A time to wait as people say it.

    >>> duration(50), duration(1900), duration(7300)
    ('1 minute', '32 minutes', '2 hours 2 minutes')
    """
    minutes = max(1, -(-int(seconds) // 60))
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "hour"), (rest, "minute")]
    return " ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in parts if count)
