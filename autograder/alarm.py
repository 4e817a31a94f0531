"""A limit on the time of what the judge itself does for a check."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Start = Callable[[float], None]


class JudgeTimeout(BaseException):
    """A check took too long outside student code."""


@contextmanager
def alarm_clock() -> Iterator[Start]:
    """A function that sets the alarm to so many seconds from now; 0 stops it.

    It rings as ``JudgeTimeout``, and only where signals can be had: elsewhere nothing happens.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield lambda seconds: None
        return

    limit = 0.0

    def ring(signum: int, frame: FrameType | None) -> None:
        raise JudgeTimeout(f"the check took more than {limit:g} s on the judge's side")

    def start(seconds: float) -> None:
        nonlocal limit
        limit = seconds
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield start
    finally:
        start(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise ``JudgeTimeout`` where what is inside takes longer."""
    with alarm_clock() as start:
        start(seconds)
        yield
