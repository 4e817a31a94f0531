"""A bound on the memory of what the judge computes from a student's values."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def memory_limit(mib: int) -> Iterator[None]:
    """Raise ``MemoryError`` where what is inside asks for more on top of what the process holds.

    Without it one product of two forged arrays could take the whole machine. Where the memory in use cannot
    be told (macOS) there is no bound.
    """
    before = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (_least(used + (mib << 20), before[0]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _least(wanted: int, limit: int) -> int:
    return wanted if limit == resource.RLIM_INFINITY else min(wanted, limit)
