"""In which bounds a reader works, and how many inputs it gets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from autograder.base.memory_limit import memory_limit
from autograder.base.time_limit import alarm

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
SECONDS = 2.0  # of the processor, for one input of some kilobytes
HANGS = 60.0  # of the clock: others may have the processor
MIB = 300  # on top of what the process holds


def fuzzed(examples: int = EXAMPLES) -> Callable[[Any], Any]:
    """The settings of a test: the same inputs at every run, unless many are asked for."""
    few = "FUZZ_EXAMPLES" not in os.environ
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=few,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def bounded(*documented: type[BaseException], seconds: float = SECONDS, mib: int = MIB) -> Iterator[None]:
    """Let what is inside end, or raise what is documented, in bounds; anything else fails the test."""
    begun = time.process_time()
    with suppress(*documented), alarm(HANGS), memory_limit(mib):
        yield
    took = time.process_time() - begun
    assert took < seconds, f"{took:.1f} s of the processor"
