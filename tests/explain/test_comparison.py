"""The arrays in which two answers differ, and what the student reads of which they are."""

from types import SimpleNamespace

import numpy as np
import pytest

from autograder.explain.comparison import Disagreement, pairs
from autograder.student import Answer, Call
from autograder.student.steps import Step


@pytest.mark.parametrize(
    ("kind", "label", "mine", "right", "told"),
    [
        ("now", "", np.zeros(2), np.ones(2), ["what was changed in place"]),
        ("now", "", [np.zeros(2), np.ones(2)], [np.ones(2), np.ones(2)], ["1st value of what was changed"]),
        ("beside", "loss", {"its slope": np.zeros(2)}, {"its slope": np.ones(2)}, ["its slope"]),
        ("beside", "loss", np.zeros(2), np.ones(2), ["a computation with your code"]),
        ("call", "loss", np.zeros(2), np.ones(2), ["the output of loss"]),
    ],
)
def test_a_difference_is_told_of_what_the_student_knows(kind, label, mine, right, told):
    """What the check itself did has words of its own; all else is the output of a function."""
    calls = [Call(Step(kind, None, label=label), Answer(value)) for value in (mine, right)]
    suite = SimpleNamespace(reference={})
    found = [pair.what for pair in pairs(suite, Disagreement(0, *calls, {}))]
    assert len(found) == len(told)
    assert all(words in what for words, what in zip(told, found, strict=True)), found
    assert "output of what" not in str(found)
