"""What was noted is judged in the order in which it was noted, and wrong structure is the maker's."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograder.checks import close, dtype, raises, right, unchanged
from autograder.checks.expectations import IsRefused
from autograder.checks.structure import ReplyMismatch
from autograder.inside.wire import NameRef
from autograder.results.result import Verdict
from autograder.student import (
    Answer,
    Blocked,
    Court,
    Notes,
    Step,
    StudentEnded,
    StudentFault,
    StudentRaised,
    Terms,
)
from tests.student.subjects import LIMITS, here

RIGHT = """
import numpy as np

def f(x): return 2 * x
def g(x): return 3 * x
def pair(x): return x, (x, 1)
def table(x): return {"a": x, "b": x}
def rest(cache): return 1.0
def refuses(x): raise ValueError
def spoil(x): x[:] = 0
"""


def student_of(*changes: tuple[str, str], **terms):
    """A student whose code is right but for some changes."""
    source = RIGHT
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    terms = {"task": "f", **terms}
    return here(source, RIGHT, **terms)


WRONG_F = ("2 * x", "5 * x")
F_RAISES = ("return 2 * x", "raise KeyError")
G_RAISES = ("return 3 * x", "return [][1]")


def end(student) -> BaseException | None:
    """What comes of judging all that was noted."""
    try:
        student.end()
    except Exception as error:
        return error
    return None


# --- in the order in which it was noted ---


def test_right_answers_end_in_nothing():
    """Everything that a check can say of them."""
    student = student_of()
    x = np.ones(2)
    first, second = student.pair(x)
    right(student.f(x), "f")
    right(first, "x")
    close(first, x, "x")
    close(student.f(x), student.f(x), "the same")
    dtype(first, np.float64)
    right(student.rest(second))
    raises(ValueError, student.refuses(1))
    array = np.ones(3)
    student.share(array)
    unchanged(student, array, "array")
    assert end(student) is None


def test_an_expectation_before_a_fault():
    """The wrong answer is told, although a later call raised."""
    student = student_of(WRONG_F, G_RAISES)
    right(student.f(1.0), "f")
    student.g(1.0)
    assert "f is wrong" in str(end(student))


def test_a_fault_before_an_expectation():
    """The call stands before what is said of an earlier one: its exception is told."""
    student = student_of(WRONG_F, G_RAISES, task_of={})
    came = student.f(1.0)
    student.g(1.0)
    right(came, "f")
    error = end(student)
    assert isinstance(error, StudentRaised) and error.name == "g"


def test_of_two_faults_the_first():
    """However many calls went wrong."""
    student = student_of(F_RAISES, G_RAISES)
    student.f(1.0)
    student.g(1.0)
    assert end(student).name == "f"


def test_of_two_expectations_the_first_that_fails():
    """Not the first that was noted, and not the first call."""
    student = student_of(WRONG_F, ("3 * x", "7 * x"))
    f, g = student.f(1.0), student.g(1.0)
    close(f, 5.0, "as it is")
    right(g, "g")
    right(f, "f")
    assert str(end(student)).startswith("g is wrong")


def test_looking_judges_what_was_noted_before():
    """A check that goes on after a look has passed what stood above it."""
    student = student_of(WRONG_F)
    right(student.f(1.0), "f")
    with pytest.raises(AssertionError, match="f is wrong"):
        _ = student.g(1.0).value
    assert student.g(2.0).value == 6.0, "what was judged is not judged again"


def test_a_look_does_not_judge_what_has_no_answer_yet():
    """An expectation of a later step waits for it."""
    student = student_of(WRONG_F)
    assert student.g(1.0).value == 3.0
    right(student.f(1.0), "f")
    assert "f is wrong" in str(end(student))


def test_ending_twice_judges_once():
    """What was told is told."""
    student = student_of(WRONG_F)
    right(student.f(1.0), "f")
    assert end(student) is not None
    assert end(student) is None


# --- exceptions ---


@pytest.mark.parametrize("kind", [ValueError, ArithmeticError, Exception])
def test_an_exception_that_should_come_and_does_not(kind):
    """The class is named."""
    student = student_of(("raise ValueError", "return 1"), task="refuses")
    raises(kind, student.refuses(1))
    assert str(end(student)) == f"{kind.__name__} should have been raised; nothing was."


@pytest.mark.parametrize(
    ("raised", "passes"),
    [
        ("ValueError", True),
        ("UnicodeDecodeError('utf-8', b'x', 0, 1, 'no')", True),
        ("type('Mine', (ValueError,), {})", True),
        ("KeyError", False),
        ("AssertionError", False),
        ("Exception", False),
        ("NotImplementedError", False),
        ("type('ValueError', (Exception,), {})", False),
    ],
)
def test_which_exceptions_are_value_errors(raised, passes):
    """Those that Python takes for one, by their builtin classes and not by their name."""
    student = student_of(("raise ValueError", f"raise {raised}"), task="refuses")
    raises(ValueError, student.refuses(1))
    error = end(student)
    assert (error is None) is passes
    assert passes or isinstance(error, StudentRaised)


def test_each_of_several_calls_is_refused():
    """One that is not is enough."""
    student = student_of(("raise ValueError", "\n    if x < 0: raise ValueError"), task="refuses")
    raises(ValueError, student.refuses(-1), student.refuses(0))
    assert "should have been raised" in str(end(student))


@pytest.mark.parametrize("kind", [ValueError, TypeError, Exception, BaseException])
def test_a_step_that_was_not_made_is_no_exception(kind):
    """Neither what an earlier exception left undone, nor an end of the process, is a refusal."""
    steps = [Step("call", NameRef("refuses"), (1,), label="refuses")]
    court = Court(Terms("f", {}, LIMITS), Notes(steps), [Answer(unmade=True)], lambda name: None)
    with pytest.raises(StudentEnded, match="no proper answer") as caught:
        IsRefused(0, kind).judge(court)
    assert caught.value.verdict is Verdict.CRASHED
    assert not isinstance(caught.value, (ValueError, TypeError))


@pytest.mark.parametrize("kind", [NameError, Exception])
def test_a_name_that_is_not_there_refuses_nothing(kind):
    """It is MISSING, whatever kind is asked for."""
    student = student_of(("def refuses", "def other"), task="refuses")
    raises(kind, student.refuses(1))
    error = end(student)
    assert isinstance(error, StudentRaised) and error.verdict is Verdict.MISSING


def test_another_task_s_function_may_be_asked_to_refuse():
    """What should be raised blocks nobody."""
    student = student_of(task="f")
    raises(ValueError, student.refuses(1))
    assert end(student) is None


def test_an_answer_with_too_few_values_refuses_nothing():
    """Passing on what is not there is the fault of who should have returned it."""
    student = student_of(
        ("return x, (x, 1)", "return x"), ("def rest(cache): return 1.0", "def rest(c): raise ValueError")
    )
    _, cache = student.pair(1.0)
    raises(ValueError, student.rest(cache))
    assert isinstance(end(student), (ReplyMismatch, Blocked))


# --- whose fault ---


@pytest.mark.parametrize(
    "answer",
    ["None", "x", "(x,)", "(x, x, x)", "'ab'", "{0: x, 1: x}", "iter((x, x))", "np.array([1.0, 2.0])"],
)
@pytest.mark.parametrize("task", ["pair", "rest"])
def test_another_number_of_values(answer, task):
    """The task that returned it fails, a check of another one waits; nothing passes."""
    student = student_of(("return x, (x, 1)", f"return {answer}"), task=task)
    _, cache = student.pair(np.ones(2))
    right(student.rest(cache), "rest")
    error = end(student)
    assert isinstance(error, ReplyMismatch if task == "pair" else Blocked)
    assert re.search("pair returned .*; expected 2", str(error))


@pytest.mark.parametrize("answer", ["None", "{'a': x}", "[x]", "x", "{}"])
def test_a_dict_that_is_none(answer):
    """Or one without a key."""
    student = student_of(('return {"a": x, "b": x}', f"return {answer}"), task="table")
    right(student.table(1.0)["b"], "b")
    error = end(student)
    assert isinstance(error, ReplyMismatch)
    assert (
        "expected a dict" in str(error)
        or "without the key 'a'" in str(error)
        or "without the key 'b'" in str(error)
    )


def test_more_keys_than_the_reference_gives_are_fine():
    """A dict is asked for its keys only."""
    student = student_of(('return {"a": x, "b": x}', "return {'c': 1, 'b': x, 'a': x}"), task="table")
    right(student.table(1.0)["b"], "b")
    assert end(student) is None


def test_an_object_that_lies_about_its_length():
    """Entries are asked of the types tuple, list and dict, not of the student's class."""
    liar = """
class Liar(tuple):
    def __len__(self): return 2
    def __iter__(self): return iter((1.0, 2.0))
    def __getitem__(self, place): return 7.0
def pair(x): return Liar([x])"""
    student = student_of(("def pair(x): return x, (x, 1)", liar), task="pair")
    first, second = student.pair(1.0)
    right(student.rest(second))
    right(first, "x")
    assert isinstance(end(student), ReplyMismatch)


def test_the_transcript_holds_what_came_and_what_is_right():
    """Each step with its answer, its fault and the reference's reply."""
    student = student_of(WRONG_F, G_RAISES)
    student.f(1.0)
    student.g(1.0)
    assert isinstance(end(student), Blocked)
    calls = student.court.transcript()
    assert [(call.name, call.reply, call.expected) for call in calls] == [("f", 5.0, 2.0), ("g", None, 3.0)]
    assert calls[0].fault is None
    assert isinstance(calls[1].fault, StudentFault)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (lambda s, x: right(s.pair(x)[0], "x"), "x differs in 2 of 2 values"),
        (lambda s, x: close(s.pair(x)[0], x, "x"), "x differs in 2 of 2 values"),
        (lambda s, x: close(s.pair(x)[0], s.g(x), "x"), "x differs in 2 of 2 values"),
        (lambda s, x: dtype(s.pair(x)[0], np.float32, "x"), "x has dtype float64; expected float32"),
        (lambda s, x: right(s.pair(np.ones(3))[0], "x"), "x differs in 3 of 3 values"),
    ],
)
def test_the_words_compare(word, sentence):
    """Each has its own sentence for what it does not find."""
    student = student_of(("return x, (x, 1)", "return x + 1, (x, 1)"), task="pair")
    word(student, np.ones(2))
    assert str(end(student)).startswith(sentence)


def test_who_writes_into_a_shared_array_is_seen():
    """By ``unchanged``, bit by bit, and told by the array's name."""
    arrays = [np.ones(2), np.ones(2)]
    student = student_of(("return 2 * x", "x[0] = np.nextafter(x[0], 9)"))
    first, second = student.share(arrays)
    student.g(first)
    student.f(second)
    unchanged(student, first, "x")
    unchanged(student, arrays, "x y")
    assert str(end(student)) == "y was modified in place; work on a copy."


def test_close_compares_with_what_the_array_was():
    """The check may go on to change its own array."""
    student, x = student_of(), np.ones(2)
    close(student.pair(x)[0], x, "x")
    x[:] = 5
    assert end(student) is None


def test_tolerances_are_the_words_own():
    """rtol and atol as ``assert_close`` takes them."""
    for atol, passes in ((10.0, True), (1.0, False)):
        student = student_of(WRONG_F)
        right(student.f(1.0), "f", rtol=0.0, atol=atol)
        assert (end(student) is None) is passes
