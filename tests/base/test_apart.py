"""Calls in processes of their own, and a limit of processor time within one."""

import os
import re
import time

import pytest

from autograder.base.apart import Bounds, NoAnswer, call_apart
from autograder.base.cpu_limit import TakesTooLong, cpu_limit

LITTLE = Bounds(seconds=60.0, memory_mib=200, answer_mib=1)


def shout(word, times):
    return word.upper() * times


def end_without_a_word():
    os._exit(0)


def take_memory():
    return "x" * (1 << 30)


def fail():
    raise ValueError("no \ud800 here")


def test_an_answer_is_text():
    """Also where half a character is in it."""
    assert call_apart(shout, "a\ud800", 2, bounds=LITTLE) == "A?A?"


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (end_without_a_word, "ended without an answer"),
        (take_memory, "more than 200 MiB"),
        (fail, r"ValueError: no \? here"),
    ],
)
def test_what_goes_wrong_is_told(function, why):
    """It costs this answer, and who asked goes on."""
    with pytest.raises(NoAnswer, match=why):
        call_apart(function, bounds=LITTLE)


def test_an_answer_has_a_length():
    """More than is allowed is no answer."""
    with pytest.raises(NoAnswer, match="more than 1 MiB"):
        call_apart(shout, "x", 2 << 20, bounds=LITTLE)


def test_what_takes_too_long_is_killed():
    """At once, and nothing of it is left."""
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match=r"more than 0\.5 s"):
        call_apart(time.sleep, 100, bounds=Bounds(0.5, 200, 1))
    assert time.monotonic() - begun < 30


def test_a_limit_of_processor_time():
    """A regular expression that never ends is interrupted; waiting costs nothing; the clock is put back."""
    with pytest.raises(TakesTooLong), cpu_limit(0.05):
        re.fullmatch("(a|a)*b", "a" * 40)
    with cpu_limit(0.2):
        time.sleep(0.3)
    begun = time.process_time()
    while time.process_time() - begun < 0.3:
        pass
