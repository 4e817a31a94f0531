"""Leases after the clock was set back: they would end when it is as late again."""

from __future__ import annotations

from sqlalchemy import Connection, update

from .tables import QUEUE

SKEW = 2.0  # times a lease that clocks of several machines may differ


def free_later_ones(connection: Connection, now: float, seconds: float) -> int:
    """Free entries that are held longer than anybody can hold one from now on; returns how many they were.

    Args:
        connection: a transaction that may write.
        now: seconds since 1970, by the clock as it is.
        seconds: of a lease.
    """
    later = QUEUE.c.lease > now + SKEW * seconds
    return connection.execute(update(QUEUE).where(later).values(worker="", lease=0.0)).rowcount
