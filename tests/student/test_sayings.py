"""Messages of exceptions: the libraries' own are told, whatever a process makes up is not."""

import numpy as np
import pytest

from autograder.student.claims import StudentText
from autograder.student.faults import raised
from autograder.student.sayings import known_saying

WORDS = {"z", "np", "x", "layer"}


@pytest.mark.parametrize(
    "expression",
    [
        "z @ z",
        "z.reshape(7, 7)",
        "z[9]",
        "z[0, 0, 0]",
        "z.x",
        "None + 1",
        "layer[0]",
        "layer(1)",
        "1 / 0",
        "z + z.T",
    ],
)
def test_what_the_libraries_say_is_told(expression):
    """The messages that students meet most, as this version of Python and NumPy words them."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        eval(expression, {"z": np.ones((3, 5)), "layer": None})
    assert known_saying(str(caught.value), WORDS) == str(caught.value).strip()


@pytest.mark.parametrize(
    "message",
    [
        "b.dbc a.aca b.baf",
        "'ccdjjccega' 'abbfjhecca'",
        "-422 1211 -394",
        "name 'ccdjjccega' is not defined",
        "ccdjj() takes 2 positional arguments but 3 were given",
        "'numpy.ccdjjccega' object has no attribute 'x'",
        "division by zero ccdjjccega",
        "division ccdjjccega by zero",
        "shapes (1,2,3,4,5,6,7,8,9,1,2) and (3,5) not aligned: 5 (dim 1) != 3 (dim 0)",
        "",
    ],
)
def test_what_a_process_makes_up_is_not(message):
    """Letters in place of digits, names that the notebook does not use, more numbers than a shape has."""
    assert known_saying(message, WORDS) == ""


def unavailable(message, missing):
    """What the student reads of a claim that something was not there."""
    claim = {"k": "error", "class": "Unavailable", "bases": ["ImportError"], "message": message}
    text = StudentText(("import pandas\npandas.DataFrame()\nsecret = 1",), missing)
    return raised(text.believable(claim), "f").reason


def test_a_missing_library_is_named():
    """Our own sentence about a library that is known to be missing reaches the student, in our words."""
    told = unavailable("pandas is not available while grading. 0.123 0.456", {"pandas"})
    assert told == (
        "f raised Unavailable. pandas is not available while grading. "
        "Use NumPy or plain Python here, or keep it out of the code of the task."
    )


@pytest.mark.parametrize("message", ["secret is not available while grading", "0.1 0.2", "", "pandas"])
def test_a_library_that_is_not_missing_is_not_named(message):
    """What the process claims beyond the list of missing libraries is left out."""
    assert unavailable(message, {"pandas"}) == "f raised Unavailable."
