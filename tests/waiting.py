"""Waiting for what happens in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(there: Callable[[], Found], what: str, seconds: float = 120.0, pause: float = 0.1) -> Found:
    """What ``there`` answers, as soon as that is something; a test fails that waits longer."""
    end = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < end, f"no {what} after {seconds:g} s"
        time.sleep(pause)
    return found
