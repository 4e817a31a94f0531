"""Garbage waits until a submission is done, and does not pile up."""

import gc
import weakref

import pytest

from autograder.base import garbage
from autograder.base.garbage import _EVERY, Collector
from tests import once


class Circle:
    """Holds itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _as_it_is_elsewhere(monkeypatch):
    """With the look through everything that tests are spared."""
    monkeypatch.setattr(garbage, "keep_all", once.keep_all)
    yield
    gc.enable()


def test_a_circle_lives_until_the_submission_is_done():
    """Even through many allocations; then it goes."""
    collector = Collector()
    for _ in range(3):
        with collector.after():
            circle = weakref.ref(Circle())
            kept = [[] for _ in range(5000)]
            assert circle() is not None and len(kept) == 5000
        assert circle() is None
        assert gc.isenabled()


def test_what_outlives_its_submission_is_found_later():
    """A circle that was in use at the end of one submission goes with a later one."""
    collector = Collector()
    with collector.after():
        pass
    with collector.after():
        circle = Circle()
    gone = weakref.ref(circle)
    del circle
    for _ in range(_EVERY):
        with collector.after():
            pass
    assert gone() is None


def test_a_collector_that_is_off_stays_off():
    """Whoever turned it off knows why."""
    gc.disable()
    with Collector().after():
        pass
    assert not gc.isenabled()
