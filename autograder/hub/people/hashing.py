"""Hashing of passwords beside the hub's event loop, a bounded number at a time.

A hash needs 32 MiB and a fifth of a second on purpose. So threads of their own do it, as many as are said
here, and only so many wait for them: a flood of logins then takes neither the hub's time nor its memory.
Known browsers have a thread of their own, so that strangers do not keep them waiting.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class TooManyLogins(Exception):
    """So many wait already that this one is refused."""


class Hashing:
    """Threads that hash, and who waits for them."""

    def __init__(self, threads: int, most: int, most_each: int) -> None:
        """Start no thread yet.

        Args:
            threads: hashes at the same time.
            most: calls that run or wait together.
            most_each: of these, for one name.
        """
        self._pool = ThreadPoolExecutor(threads, "hashing", initializer=_step_back)
        self._most, self._most_each = most, most_each
        self._waiting: Counter[str] = Counter()

    async def run(
        self,
        name: str,
        function: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """What the function returns, from one of the threads.

        Raises:
            TooManyLogins: as many wait as may wait.
        """
        if self._waiting.total() >= self._most or self._waiting[name] >= self._most_each:
            raise TooManyLogins
        self._waiting[name] += 1
        try:
            call = partial(function, *arguments, **named)
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._waiting[name] -= 1
            if not self._waiting[name]:
                del self._waiting[name]


def _step_back() -> None:
    """Let the event loop have the processor first; on Linux a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
