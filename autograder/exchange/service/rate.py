"""Buckets that fill with time: how fast one person may ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .refusals import Refused

FORGET_ABOVE = 10_000  # names kept; full buckets are forgotten first


class Buckets:
    """One bucket per name; in memory, since a restart that forgives is harmless."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = per_second, burst, clock
        self._levels: dict[str, tuple[float, float]] = {}  # name -> level, at
        self._lock = threading.Lock()

    def take(self, name: str, what: str) -> None:
        """Take one drop.

        Raises:
            Refused: the bucket is empty; the text says when to come back.
        """
        with self._lock:
            now = self._clock()
            level = self._level(name, now)
            if level < 1:
                wait = (1 - level) / self._rate
                raise Refused(429, f"Too many {what} at once. Try again in {wait:.0f} s.", retry_after=wait)
            if len(self._levels) > FORGET_ABOVE:
                self._levels = {n: v for n, v in self._levels.items() if self._level(n, now) < self._burst}
            self._levels[name] = (level - 1, now)

    def _level(self, name: str, now: float) -> float:
        level, at = self._levels.get(name, (self._burst, now))
        return min(self._burst, level + (now - at) * self._rate)
