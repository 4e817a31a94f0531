"""A limit on the time of what the judge itself does for a check."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Start = Callable[[float], None]
_AT_ONCE = 1e-3  # seconds; 0 would stop the clock


class JudgeTimeout(BaseException):
    """A check took too long outside student code."""


@contextmanager
def alarm_clock() -> Iterator[Start]:
    """A function that sets the alarm to so many seconds from now; 0 stops it.

    It rings as ``JudgeTimeout``, and only where signals can be had: elsewhere nothing happens. An alarm
    around this one goes on, and rings here where it comes first.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield lambda seconds: None
        return

    limit = 0.0
    outer = signal.getitimer(signal.ITIMER_REAL)[0]
    end = time.monotonic() + outer if outer else math.inf

    def ring(signum: int, frame: FrameType | None) -> None:
        raise JudgeTimeout(f"the check took more than {limit:g} s on the judge's side")

    def start(seconds: float) -> None:
        nonlocal limit
        limit = seconds
        left = max(end - time.monotonic(), _AT_ONCE) if outer else math.inf
        signal.setitimer(signal.ITIMER_REAL, min(seconds or math.inf, left) if seconds or outer else 0.0)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield start
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        start(0)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise ``JudgeTimeout`` where what is inside takes longer."""
    with alarm_clock() as start:
        start(seconds)
        yield
