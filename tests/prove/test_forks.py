"""Children: code that loops, eats memory or dies ends alone."""

import os

from autograder.prove.forks import Ended, run_forked


def loops():
    while True:
        pass


def eats():
    try:
        return len(bytearray(1 << 30))
    except MemoryError:
        return "refused"


def test_results_come_in_order_and_endings_are_told():
    """A value, an endless loop, too much memory, a sudden death and an exception."""
    jobs = [lambda: {"a": [1]}, loops, eats, lambda: os._exit(3), lambda: 1 / 0, lambda: "last"]
    told = []
    results = run_forked(jobs, cpu_seconds=0.2, memory_mib=256, on_done=told.append)
    assert results == [{"a": [1]}, Ended("TIMEOUT"), "refused", Ended("CRASHED"), Ended("CRASHED"), "last"]
    assert told == [1, 2, 3, 4, 5, 6]


def test_children_leave_nothing_behind():
    """What a job changes is its own."""
    seen = []
    assert run_forked([lambda: seen.append(1)] * 3, cpu_seconds=5) == [None] * 3
    assert seen == []
