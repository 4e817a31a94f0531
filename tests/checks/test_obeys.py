"""A law of the grader's is noted like any expectation: it runs when the answer has come, and in its turn."""

import numpy as np
import pytest

from autograder.checks import Difference, obeys, right
from autograder.checks.structure import ReplyMismatch
from tests.student.subjects import here

RIGHT = """
import numpy as np
def drawn(n): return np.random.default_rng(0).normal(size=n)
def doubled(x): return 2 * x
def table(x): return [x, [x, 2 * x]]
def hunt(): return np.zeros(2), 1.0
"""
TASKS = {"task": "drawn", "task_of": dict.fromkeys(("drawn", "doubled", "table", "hunt"), "drawn")}


def asked(source: str = RIGHT, **more):
    return here(source, RIGHT, **TASKS, **more)


def positive(value, *others):
    assert (value > 0).all(), "There are numbers that are not positive."


def test_the_law_is_given_the_students_answer():
    """What is right is not what the reference gives, but what the law lets pass."""
    seen = []
    student = asked(RIGHT.replace("default_rng(0)", "default_rng(1)"))
    obeys(student.drawn(4), lambda value: seen.append(value))
    assert seen == [], "nothing has crossed yet"
    student.end()
    np.testing.assert_array_equal(seen[0], np.random.default_rng(1).normal(size=4))


def test_its_sentence_is_what_fails():
    """What the law raises is what the student reads."""
    student = asked()
    obeys(student.doubled(-np.ones(2)), positive)
    with pytest.raises(AssertionError, match="not positive"):
        student.end()


def test_replies_among_the_others_come_as_values():
    """So two answers can be held against each other; values of the check's own are as they were."""
    student, x = asked(), np.arange(3.0)
    seen = []
    obeys(student.doubled(x), lambda *values: seen.extend(values), student.doubled(2 * x), x, "word")
    x[:] = 7
    student.end()
    np.testing.assert_array_equal(seen[:3], [[0, 2, 4], [0, 4, 8], [0, 1, 2]])
    assert seen[3] == "word"


def test_the_structure_is_the_references():
    """The law need not ask whether an array of that shape came."""
    for wrong in ("None", "np.ones(5)", "[1.0, 2.0]"):
        student = asked(RIGHT.replace("2 * x\ndef table", f"{wrong}\ndef table"))
        reply = student.doubled(np.ones(2))
        obeys(reply, positive)
        with pytest.raises(ReplyMismatch, match="doubled returned"):
            student.end()
    student = asked(RIGHT.replace("2 * x\ndef table", "None\ndef table"))
    obeys(student.drawn(2), lambda value, other: None, student.doubled(np.ones(2)))
    with pytest.raises(ReplyMismatch, match="doubled returned None"):
        student.end()


def test_a_call_that_is_given_nothing_may_answer_as_it_likes():
    """A bug hunt has many right answers, of many shapes."""
    seen = []
    student = asked(RIGHT.replace("np.zeros(2), 1.0", "[np.zeros(3), [4]]"))
    obeys(student.hunt(), lambda value: seen.append(value))
    student.end()
    assert [type(value) for value in seen[0]] == [np.ndarray, list]


def test_lists_in_lists_come_as_values():
    """A law looks into what would stay with the student otherwise."""
    seen = []
    student = asked()
    obeys(student.table(np.ones(1)), lambda value: seen.append(value))
    student.end()
    assert seen[0][1][1][0] == 2.0


def test_it_is_judged_in_its_turn():
    """The first expectation that does not hold is told."""
    for order in (1, -1):
        student = asked(RIGHT.replace("2 * x\ndef table", "-x\ndef table"))
        reply = student.doubled(np.ones(2))
        words = [lambda reply=reply: obeys(reply, positive), lambda reply=reply: right(reply, "Twice x")]
        for word in words[::order]:
            word()
        with pytest.raises(AssertionError, match="not positive" if order == 1 else "Twice x"):
            student.end()


def test_a_law_belongs_to_the_plan():
    """Nothing is looked at while a plan is made, and the law does not run."""
    student = asked(subject=False)
    obeys(student.doubled(-np.ones(2)), positive)
    student.end()
    assert [step.kind for step in student.notes.steps] == ["call"]


def test_it_is_about_a_reply():
    """A value of the check's own is compared with assert."""
    with pytest.raises(TypeError, match=r"obeys\(\.\.\.\) is about a reply"):
        obeys(np.ones(2), positive)
    with pytest.raises(TypeError, match="name of the notebook"):
        obeys(asked().doubled, positive)


def test_difference_is_what_assert_raises():
    """So laws may use assert, assert_close and the words of chance alike."""
    assert issubclass(Difference, AssertionError)
