"""The judge's steps beside the student's code: what goes wrong there is told as Python tells it."""

import pytest

from autograder.inside.host import Host
from autograder.inside.wire import MethodRef, NameRef, PartRef
from autograder.student.scripts import framed, packed
from autograder.student.steps import Step


class _Moody:
    @property
    def step(self):
        raise ValueError("not today")


def _replies(namespace, *steps):
    """What the steps were answered."""
    host = Host(namespace, lambda header, buffers: ({}, []), {})
    answers = host.answer(*framed([packed(0, steps)]))
    return [reply for header, _ in answers for reply, _ in header["replies"]]


@pytest.mark.parametrize(
    ("made", "kind", "message"),
    [
        (3, "AttributeError", "'int' object has no attribute 'step'"),
        (object(), "AttributeError", "'object' object has no attribute 'step'"),
        (_Moody(), "ValueError", "not today"),
    ],
)
def test_a_method_that_is_not_there_is_told_as_python_tells_it(made, kind, message):
    """A misspelt method is the student's mistake, not a malformed frame."""
    make = Step("call", NameRef("make"), label="make")
    call = Step("call", MethodRef(PartRef(0, (), ()), "step"), label="make.step")
    _, reply = _replies({"make": lambda: made}, make, call)
    assert (reply["k"], reply["class"], reply["message"]) == ("error", kind, message)
