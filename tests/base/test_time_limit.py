"""Limits on the judge's own time, one within another."""

from __future__ import annotations

import time

import pytest

from autograder.base.time_limit import JudgeTimeout, alarm


def busy(seconds: float) -> None:
    """Compute for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_it_rings():
    """And says after how long."""
    with pytest.raises(JudgeTimeout, match=r"0\.05 s"), alarm(0.05):
        busy(5)


def test_the_outer_one_goes_on_after_an_inner_one():
    """An inner limit that was kept does not lift the outer one."""

    def several() -> None:
        for _ in range(1000):
            with alarm(5):
                busy(0.01)
        busy(5)

    begun = time.monotonic()
    with pytest.raises(JudgeTimeout), alarm(0.2):
        several()
    assert time.monotonic() - begun < 2


def test_the_outer_one_rings_within_an_inner_one():
    """Whichever comes first."""
    begun = time.monotonic()
    with pytest.raises(JudgeTimeout), alarm(0.1), alarm(5):
        busy(5)
    assert time.monotonic() - begun < 2


def test_the_inner_one_rings_first():
    """And what is around it goes on."""
    with alarm(2):
        with pytest.raises(JudgeTimeout), alarm(0.05):
            busy(1)
        busy(0.1)


def test_nothing_rings_afterwards():
    """A limit ends with its block."""
    with alarm(0.1):
        pass
    busy(0.2)
