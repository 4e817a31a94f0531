"""A bound on the memory of what the judge computes, in processes of their own: others free some meanwhile."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAD = """
import resource
import numpy as np
from autograder.base.memory_limit import memory_limit

MIB = 1 << 17  # numbers of eight bytes
limit = lambda: resource.getrlimit(resource.RLIMIT_AS)

def refused(mib):
    try:
        np.ones(mib * MIB)
    except MemoryError:
        return True
    return False
"""


def holds(code: str) -> None:
    """Run it; whatever it asserts holds."""
    done = subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_too_much_is_a_memory_error() -> None:
    """Instead of the end of the machine; afterwards the process may have as much as before."""
    holds("""
before = limit()
with memory_limit(64):
    assert refused(128)
assert limit() == before
assert not refused(128)
""")


def test_what_is_within_it_goes_on() -> None:
    """On top of what the process holds, however much that is."""
    holds("""
held = np.ones(256 * MIB)
with memory_limit(64):
    assert not refused(32)
""")


def test_one_within_another() -> None:
    """The tighter one holds, and the outer one is back after it."""
    holds("""
with memory_limit(256):
    outer = limit()
    with memory_limit(32):
        assert refused(64)
    with memory_limit(4096):
        assert refused(512)
    assert limit() == outer
""")


@pytest.mark.parametrize("error", ["MemoryError", "KeyError", "KeyboardInterrupt"])
def test_it_ends_however_it_ends(error: str) -> None:
    """What is raised inside goes on outside."""
    holds(f"""
before = limit()
try:
    with memory_limit(64):
        raise {error}
except {error}:
    pass
assert limit() == before
""")
