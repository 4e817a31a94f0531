"""A limit on the processor's time of what is done with a stranger's text, within this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TakesTooLong(BaseException):
    """The limit was reached; no ``Exception``, or a library that catches those would go on."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise ``TakesTooLong`` where what is inside computes for longer; waiting costs nothing.

    Python code and regular expressions are interrupted, compiled libraries are not. Nothing happens outside
    a process's main thread, which alone gets signals.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGVTALRM"):
        yield
        return

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TakesTooLong

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
