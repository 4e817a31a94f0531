"""An attempt is graded anew: what becomes of what it had before."""

from __future__ import annotations

from sqlalchemy import Connection

from ..results.result import Result
from . import graded, kept
from .attempts import Attempt
from .exceptions import Deed
from .graded import Graded
from .shown import was_shown

ROUNDING = 1e-6  # of sums of points


def store_anew(connection: Connection, attempt: Attempt, result: Result, deed: Deed) -> bool:
    """Store the result of an attempt; False where the one of before stays.

    A fault of ours takes no mark away that still holds, was shown or is kept. Where the points of the checks
    fall after they were shown, the result of before is kept beside the new one.

    Args:
        connection: a transaction that may write.
        attempt: that was graded.
        result: what came of it.
        deed: who graded it, when and why.
    """
    before = graded.find(connection, attempt.id)
    moment = deed.moment
    if before is not None and before.sound:
        shown = was_shown(connection, attempt, before)
        same = before.digest == result.digest
        holds = shown or same or not result.digest or kept.is_kept(connection, attempt)
        if result.score is None and holds:
            return False
        if shown and falls(before, result):
            kept.keep(connection, attempt, before, deed)
        elif same and not rises(before, result):
            moment = before.graded  # the same mark, in other words: it was shown as long as it is known
    graded.store(connection, attempt, result, moment)
    return True


def falls(before: Graded, result: Result) -> bool:
    """Whether the checks give fewer points than before, bonus included."""
    return _difference(before, result) < -ROUNDING


def rises(before: Graded, result: Result) -> bool:
    """Whether they give more."""
    return _difference(before, result) > ROUNDING


def _difference(before: Graded, result: Result) -> float:
    return (result.score or 0.0) + result.bonus - (before.score or 0.0) - before.bonus
