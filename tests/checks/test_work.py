"""Work that is counted: lines, arrays of a size, and no way around the count."""

import sys

import numpy as np
import pytest

from autograder.checks import counted, obeys
from tests.student.subjects import here

REFERENCE = """
import numpy as np
def double(x): return 2 * x
"""
HEAD = "import sys, threading, functools, numpy as np\ndef helper(x): return np.array(x)\ndef double(x):\n"
X = np.arange(12.0)


def work(body: str, size: int = 12) -> tuple[int, int]:
    """Lines and arrays of a function with this body."""
    found = []
    student = here(HEAD + body, REFERENCE, task="double", task_of={"double": "double"})
    answer, lines, arrays = counted(student.double, X, size=size)
    obeys(answer, lambda value: np.testing.assert_allclose(value, 2 * X))
    obeys(lines, lambda lines, arrays: found.append((lines, arrays)), arrays)
    student.end()
    return found[0]


def test_lines_grow_with_a_loop():
    """One line for each number, be it in a function, a comprehension or a helper."""
    product, _ = work("    return 2 * x\n")
    loop, _ = work(
        "    out = np.zeros(12)\n    for i in range(12):\n        out[i] = 2 * x[i]\n    return out\n"
    )
    assert product == 1
    assert loop >= 24


def test_arrays_are_what_functions_return():
    """Of at least the size that is asked for; a larger one counts for several."""
    assert work("    return 2 * x\n")[1] == 1
    assert work("    for _ in range(5): helper(x)\n    return 2 * x\n")[1] == 6
    assert work("    for _ in range(5): helper(x[1:])\n    return 2 * x\n")[1] == 1
    assert work("    helper([x] * 7)\n    return 2 * x\n")[1] == 8
    assert work("    np.einsum('i,i->', x, x)\n    return 2 * x\n")[1] == 1, "an argument is not handed back"


@pytest.mark.parametrize(
    "body",
    [
        "    kept = sys.gettrace()\n    sys.settrace(None)\n    sys.settrace(kept)\n    return 2 * x\n",
        "    sys.settrace(None)\n    return 2 * x\n",
        "    functools.partial(sys.settrace, None)()\n    return 2 * x\n",
        "    kept = sys.gettrace()\n    list(map(sys.settrace, [None, kept]))\n    return 2 * x\n",
        "    sys._getframe().f_trace_lines = False\n    return 2 * x\n",
        "    try: 1 / 0\n    except ZeroDivisionError as error: error.__traceback__.tb_frame.f_trace = None\n"
        "    return 2 * x\n",
        "    found = []\n    thread = threading.Thread(target=lambda: found.append(2 * x))\n"
        "    thread.start(); thread.join()\n    return found[0]\n",
    ],
)
def test_who_stops_the_count_fails(body):
    """Switched off for good or for a while, by any way to the function; and nobody is traced afterwards."""
    before = sys.gettrace()
    with pytest.raises(AssertionError, match="lines of double could not be counted"):
        work(body)
    assert sys.gettrace() is before
    assert work("    return 2 * x\n")[0] == 1, "the next count begins anew"
