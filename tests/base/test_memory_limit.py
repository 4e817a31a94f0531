"""A bound on the memory of what the judge computes."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from autograder.base.memory_limit import memory_limit


def test_too_much_is_a_memory_error():
    """Instead of the end of the machine; afterwards the process may have as much as before."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), memory_limit(64):
        np.ones(128 << 17)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert np.ones(128 << 17).size


def test_what_is_within_it_goes_on():
    """On top of what the process holds, however much that is."""
    held = np.ones(64 << 17)
    with memory_limit(64):
        assert np.ones(32 << 17).sum() + held[0] == (32 << 17) + 1


def test_one_within_another():
    """The tighter one holds, and the outer one is back after it."""
    with memory_limit(512):
        outer = resource.getrlimit(resource.RLIMIT_AS)
        with pytest.raises(MemoryError), memory_limit(32):
            np.ones(64 << 17)
        with pytest.raises(MemoryError), memory_limit(4096):
            np.ones(1024 << 17)
        assert resource.getrlimit(resource.RLIMIT_AS) == outer
