"""``within``: the time of a call by the judge's clock, in a frame of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks import right, within
from autograder.checks.structure import ReplyMismatch
from autograder.student import Looks, Student, StudentFault
from autograder.student.links import LoopbackLink
from autograder.student.student import TRIES
from tests.student.subjects import here

REFERENCE = "def f(x):\n    return 2 * x\ndef g(x):\n    return x\n"
SLOW = """
import time
CALLS = []

def g(x):
    return x

def f(x):
    CALLS.append(x)
    {}
    return 2 * x
"""


def student_of(line: str, **more: Any) -> Student:
    return here(SLOW.format(line), REFERENCE, **more)


def test_a_quick_call_passes():
    """And is judged like any other."""
    student = student_of("pass")
    reply = student.f(1.0)
    within(reply, 5.0)
    right(reply)
    student.end()


def test_a_slow_call_fails_with_the_author_s_sentence():
    """However often it is tried."""
    student = student_of("time.sleep(0.05)")
    with pytest.raises(ReplyMismatch, match="Use products"):
        within(student.f(1.0), 0.02, "Use products of matrices.")
    assert len(student._subject._namespace["CALLS"]) == TRIES


def test_the_fastest_of_three_counts():
    """Other programs may be in the way, or something is loaded at the first call."""
    student = student_of("time.sleep(0.1 if len(CALLS) < 3 else 0)")
    within(student.f(1.0), 0.05)
    student.end()


def test_what_is_timed_crosses_alone(monkeypatch):
    """Its inputs were in no earlier frame, so that nothing can be made ready for it."""
    frames = []
    run = LoopbackLink.run

    def counted(self: Any, scripts: Any, *rest: Any) -> Any:
        frames.append([step.get("o", {}).get("m") for script in scripts for step in script.steps])
        return run(self, scripts, *rest)

    monkeypatch.setattr(LoopbackLink, "run", counted)
    student = student_of("pass")
    student.g(np.ones(2))
    student.g(np.ones(2))
    within(student.f(np.ones(2)), 5.0)
    student.g(np.ones(2))
    student.end()
    assert frames == [["g", "g"], ["f"], ["g"]]


def test_what_was_wrong_before_is_told_first():
    """And an exception in the call is no matter of time."""
    student = student_of("raise KeyError")
    with pytest.raises(StudentFault, match="f raised KeyError"):
        within(student.f(1.0), 5.0)
    student = here("def g(x):\n    return 5\ndef f(x):\n    return x\n", REFERENCE)
    right(student.g(1), "g")
    with pytest.raises(AssertionError, match="g is wrong"):
        within(student.f(1.0), 5.0)


@pytest.mark.parametrize("between", ["another call", "a look"])
def test_it_stands_right_after_its_call(between):
    """Else the call would cross with others, or has crossed."""
    student = student_of("pass")
    reply = student.f(1.0)
    _ = student.g(1.0) if between == "another call" else reply.value
    with pytest.raises(TypeError, match="stands right after the call"):
        within(reply, 5.0)


def test_a_clock_has_no_plan():
    """What takes how long is known of nobody before he is asked."""
    with pytest.raises(Looks):
        within(here(REFERENCE, subject=False).f(1.0), 5.0)
