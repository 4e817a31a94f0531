"""Waiting for what happens in another process, and what goes on meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

Found = TypeVar("Found")


def until(there: Callable[[], Found], what: str, seconds: float = 120.0, pause: float = 0.1) -> Found:
    """What ``there`` answers, as soon as that is something; a test fails that waits longer."""
    end = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < end, f"no {what} after {seconds:g} s"
        time.sleep(pause)
    return found


@contextmanager
def meanwhile(function: Callable[[Event], None]) -> Iterator[None]:
    """Call a function in a thread beside the block; the event that it is given is set when the block ends."""
    over = Event()
    thread = Thread(target=function, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)
