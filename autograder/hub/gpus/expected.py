"""When somebody who waits is let in at the latest: if everybody before uses their hours to the end."""

from __future__ import annotations

import math
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from .book import Use


def latest_start(uses: Iterable[Use], devices: int, place: int, now: float) -> float | None:
    """The moment, in seconds since 1970; None where somebody before has no end that is known.

    Args:
        uses: those that are open.
        devices: how many there are.
        place: of whoever asks.
        now: the moment for which to say it, likewise.
    """
    holding = [use for use in uses if use.granted is not None]
    waiting = [use for use in uses if use.granted is None and use.place <= place]
    free = devices - sum(use.gpus for use in holding)
    ends = [(use.until or math.inf, use.gpus) for use in holding]
    heapify(ends)
    moment = now
    for use in sorted(waiting, key=lambda use: use.place):
        while free < use.gpus and ends:
            end, gpus = heappop(ends)
            moment, free = max(moment, end), free + gpus
        if use.place == place:
            return moment if math.isfinite(moment) and free >= use.gpus else None
        free -= use.gpus
        heappush(ends, (moment + (use.seconds or math.inf), use.gpus))
    return None
