"""Messages of exceptions: the libraries' own are told, whatever a process makes up is not."""

import numpy as np
import pytest

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
