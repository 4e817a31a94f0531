"""The search for the smallest case: small, public, and the same every time."""

import numpy as np
import pytest

from autograder.course import Limits
from autograder.explain.case.cells import apart, as_cell, show
from autograder.explain.case.reading import Unprogrammable, programs_of
from autograder.explain.case.smallest import Search
from autograder.student import Student, Terms
from autograder.student.subjects import LocalSubject


def right(a, b=0, scale=1):
    """The reference."""
    return (a + b) * scale


class Box:
    """An object with a method and an attribute."""

    def __init__(self, w):
        self.w = w

    def times(self, x):
        """Multiply."""
        return self.w * x


RIGHT = {"right": right, "Box": Box}


def recorded(namespace, ask):
    """The transcript of what ``ask`` does with a student."""
    student = Student(Terms("right", {}, Limits()), RIGHT, LocalSubject(namespace))
    ask(student)
    student.end()
    return student.court.transcript()


def search(wrong, ask, failing=-1):
    transcript = recorded(wrong, ask)
    program = next(programs_of(transcript, range(len(transcript))[failing]))
    return Search(LocalSubject(wrong), LocalSubject(RIGHT), "right", Limits()).smallest(program)


def test_arrays_shrink_to_one_number():
    """Shapes and values become as small as the mistake allows, and settings that do not matter go."""
    wrong = {"right": lambda a, b=0, scale=1: (a - b) * scale}
    x, y = np.linspace(0.1, 7.3, 60).reshape(3, 4, 5), np.linspace(2.2, 3.1, 60).reshape(3, 4, 5)
    case = search(wrong, lambda student: student.right(x, b=y, scale=3))
    cell = as_cell(case, RIGHT)
    assert case.inputs.size == 2
    assert "scale" not in cell["calls"]
    assert cell["calls"].splitlines()[-2:] == ["result = right(a, b=b)", "result"]


def test_no_smaller_than_the_mistake():
    """A mistake that needs three entries keeps three."""
    wrong = {"right": lambda a, b=0, scale=1: np.where(np.arange(len(a)) > 1, 0, a)}
    case = search(wrong, lambda student: student.right(np.linspace(1, 2, 9)))
    assert [array.size for array in case.inputs.arrays.values()] == [3]


@pytest.mark.parametrize("hidden", [(7, 3), (1, 1), (1, 0)])
def test_plain_numbers_are_not_the_hidden_ones(hidden):
    """Where a check gives plain numbers only, the case shows others."""
    wrong = {"right": lambda a, b=0, scale=1: a - b - 1}
    case = search(wrong, lambda student: student.right(*hidden))
    shown = tuple(case.program.steps[case.program.last].args)
    assert shown != hidden
    assert case.got.differs(case.expected, case.program)


def test_calls_of_an_object():
    """What the object went through before is part of the case; other objects are not."""

    class Wrong(Box):
        def times(self, x):
            return self.w + x

    def ask(student):
        student.right(np.ones(3))
        box = student.Box(np.array([2.0, 5.0]))
        box.w = np.array([3.0, 4.0])
        box.times(np.array([1.0, 3.0]))

    cell = as_cell(search({**RIGHT, "Box": Wrong}, ask), RIGHT)
    assert "right(" not in cell["calls"]
    assert "box.times(x)" in cell["calls"]


def test_a_check_that_lends_a_function_has_no_program():
    """A function of the judge's cannot be printed in a cell."""
    with pytest.raises(Unprogrammable):
        next(programs_of(recorded({"right": lambda f: f(1)}, lambda student: student.right(lambda x: x)), 0))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([1.0, 0.25]), "array([1.  , 0.25])"),
        (np.array([1], dtype=np.float32), "array([1.], dtype=float32)"),
        (np.zeros((0, 3)), "array([], shape=(0, 3))"),
        (1 / 3, "0.333333"),
        ((1.0, None), "(1.0, None)"),
        ([0.5], "[0.5]"),
        ((2,), "(2,)"),
        ("two\nlines", "'two\\nlines'"),
    ],
)
def test_values_as_text(value, text):
    """As Python would show it, with six digits."""
    assert show(value) == text


def test_an_answer_to_a_name_alone_is_not_given_away():
    """What is expected of a call without numbers is all that the task asks for."""
    right = {"right": lambda name: np.eye(3) if name == "eye" else np.ones(3)}
    wrong = {"right": lambda name: np.zeros((3, 3))}
    transcript = recorded(wrong, lambda student: student.right("eye"))
    search = Search(LocalSubject(wrong), LocalSubject(right), "right", Limits())
    assert search.smallest(next(programs_of(transcript, 0))) is None


@pytest.mark.parametrize("hidden", [0.919533494309588, 1.0792172203169206, 0.5123456789])
def test_drawn_numbers_are_not_shown(hidden):
    """A number with many digits was drawn; 0.999 an author wrote."""
    wrong = {"right": lambda a, b=0, scale=1: 7}
    case = search(wrong, lambda student: student.right(0, b=hidden, scale=0.999))
    for step in case.program.steps.values():
        assert repr(hidden) not in repr(step)


@pytest.mark.parametrize(
    ("got", "expected", "texts"),
    [
        (1.0, 1, ("1.0", "1")),
        (0.1 + 0.2, 0.3, ("0.30000000000000004", "0.29999999999999999")),
        (np.array([1.00000001]), np.array([1.0]), ("array([1.00000001])", "array([1.])")),
    ],
)
def test_different_values_are_shown_differently(got, expected, texts):
    """As many digits as it takes."""
    assert apart(got, expected) == texts
