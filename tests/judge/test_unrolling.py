"""A failed check runs once more, with the calls of its shipped functions one by one."""

import numpy as np
import pytest

from autograder.judge.grader import judge
from autograder.judge.suite import reference_subject
from autograder.results.result import Verdict
from tests.judge.test_suite import SOLUTION, subject, toy  # noqa: F401  (a fixture)

GRADER = '''
import numpy as np
import pytest
from autograder.compare import assert_close
from solutions import toy as reference

def several(double, back, x, times):
    """Both functions on the same numbers; x is changed on the way."""
    found = []
    for _ in range(times):
        found.append(double(x))
        found.append(back(x))
        x += 1
    return found

def add_in_place(double, x):
    x += double(x)

def noises(noise, rng):
    return [noise(2, rng), noise(2, rng)]

@pytest.mark.task("double", points=40)
def test_several(student, draw):
    """Doubles again and again."""
    x = draw.normal(3)
    start = x.copy()
    ours = [2 * (x + n // 2) for n in range(6)]
    for mine, right in zip(student.inside(several, student.double, student.back, x, 3), ours, strict=True):
        assert_close(mine, right, what="An answer")
    assert (x == start).all(), "the check's own array was changed"

@pytest.mark.task("double", points=20)
def test_in_place(student, draw):
    """Changes come back."""
    x = draw.normal(3)
    expected = 3 * x
    student.inside(add_in_place, student.double, student.share(x))
    assert_close(x, expected, what="x")

@pytest.mark.task("back", points=20)
def test_back(student, draw):
    """Only back counts here."""
    x = draw.normal(3)
    for mine in student.inside(several, student.double, student.back, x, 1):
        assert_close(mine, 2 * x, what="An answer")

@pytest.mark.task("noise", points=20)
def test_noise(student, rng):
    """The generator goes on."""
    copy = np.random.default_rng()
    copy.bit_generator.state = rng.bit_generator.state
    first, second = student.inside(noises, student.noise, rng)
    assert_close(first, copy.normal(size=2), what="first")
    assert_close(second, copy.normal(size=2), what="second")
    assert rng.bit_generator.state == copy.bit_generator.state
'''


def outcomes(suite, who):
    return judge(suite, who, dict.fromkeys(suite.marks, 1))[1]


def test_what_passes_stays_one_call(toy):  # noqa: F811
    """And passes one by one, too: both runs are the same check."""
    suite = toy(GRADER)
    found = outcomes(suite, reference_subject(suite))
    assert {each.verdict for each in found.values()} == {Verdict.PASSED}
    assert [call.kind for call in found["test_several"].transcript] == ["inside"]
    for name in suite.marks:
        singly = suite.run(name, reference_subject(suite), 1, unrolled=True)
        assert singly.verdict is Verdict.PASSED, (name, singly)
        assert {call.kind for call in singly.transcript} == {"call"}


def test_the_wrong_call_is_told(toy):  # noqa: F811
    """With its name and its own inputs, as if the check had made single calls from the start."""
    wrong = subject(SOLUTION.replace("return 2 * x", "return 3 * x"))
    found = outcomes(toy(GRADER), wrong)["test_several"]
    assert found.verdict is Verdict.FAILED
    assert found.unrolled
    assert [call.name for call in found.transcript[:2]] == ["double", "back"]
    np.testing.assert_array_equal(found.transcript[0].reply, 3 * found.transcript[0].args[0])


def test_whose_code_raised_is_told(toy):  # noqa: F811
    """What another task's function raises blocks the check."""
    broken = subject(SOLUTION.replace("return 2 * x", "raise KeyError('x')"))
    found = outcomes(toy(GRADER), broken)
    assert found["test_several"].verdict is Verdict.ERROR
    assert found["test_back"].verdict is Verdict.BLOCKED
    assert "double" in found["test_back"].reason


def test_the_second_run_saves_nothing(toy):  # noqa: F811
    """Code that answers wrong only once keeps its failure."""
    moody = SOLUTION.replace(
        "def double(x):",
        "count = 0\ndef double(x):\n    global count\n    count += 1\n    if count == 1: return 3 * x",
    )
    found = outcomes(toy(GRADER), subject(moody))["test_several"]
    assert found.verdict is Verdict.FAILED
    assert not found.unrolled


def test_a_function_that_works_only_where_it_was_shipped_to(toy):  # noqa: F811
    """The first run is told, and nothing is called broken."""
    grader = (
        GRADER
        + '''
def odd(double, x):
    """Reads what only a real function has."""
    return [double(x), double.__code__.co_argcount]

@pytest.mark.task("double", points=5, bonus=True)
def test_odd(student, draw):
    """Odd."""
    x = draw.normal(2)
    assert_close(student.inside(odd, student.double, x)[0], 2 * x, what="The first")
'''
    )
    wrong = subject(SOLUTION.replace("return 2 * x", "return 3 * x"))
    found = outcomes(toy(grader), wrong)["test_odd"]
    assert (found.verdict, found.unrolled, found.notes) == (Verdict.FAILED, False, ())
    assert found.reason.startswith("The first")


@pytest.mark.parametrize("returns", ["None", "'text'", "[x]"])
def test_another_kind_of_answer_is_told_of_the_function(toy, returns):  # noqa: F811
    """Not of the shipped function."""
    wrong = subject(SOLUTION.replace("return 2 * x", f"return {returns}"))
    found = outcomes(toy(GRADER), wrong)["test_several"]
    assert found.verdict is Verdict.FAILED
    assert found.reason.startswith("double returned")


WHOLE = GRADER.replace(
    "from solutions import", "from autograder.student import whole\nfrom solutions import"
).replace("def add_in_place", "@whole\ndef add_in_place")


def test_what_stays_whole_is_never_taken_apart(toy):  # noqa: F811
    """It makes sense beside the student's objects only, so its first run is all there is to tell."""
    suite = toy(WHOLE)
    again = suite.run("test_in_place", reference_subject(suite), 1, unrolled=True)
    assert again.verdict is Verdict.PASSED
    assert [call.kind for call in again.transcript] == ["inside"]
    wrong = subject(SOLUTION.replace("return 2 * x", "return 3 * x"))
    found = suite.run("test_in_place", wrong, 1)
    assert (found.verdict, found.unrolled, found.waits) == (Verdict.FAILED, False, False)


SPARED = GRADER.replace(
    "student.share(x))\n    assert_close(x, expected",
    "student.share(x, shipped=False))\n    assert_close(x, expected",
)


def test_what_is_shared_for_single_calls_only(toy):  # noqa: F811
    """After a shipped function it stays as it was; one by one its changes come back."""
    suite = toy(SPARED)
    assert suite.run("test_in_place", reference_subject(suite), 1, unrolled=False).verdict is Verdict.FAILED
    assert suite.run("test_in_place", reference_subject(suite), 1, unrolled=True).verdict is Verdict.PASSED
