"""The suite: marks, fixtures, verdicts, points, and what a check may not do."""

import textwrap
from dataclasses import replace

import numpy as np
import pytest

from autograder.base.errors import ConfigError
from autograder.course import load_course
from autograder.judge.grader import judge
from autograder.judge.suite import Suite, reference_subject
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject

CONFIG = """
from autograder.course import Course, Unit
course = Course(name="toy", title="Toy", units=(Unit("toy", "Toy", due="2027-01-01T00:00+00:00", hours=1),))
"""
SOLUTION = """
import numpy as np

def double(x):
    return 2 * x

def back(dout):
    return 2 * dout

def noise(n, rng):
    return rng.normal(size=n)
"""
GRADER = '''
import numpy as np
import pytest
from autograder.checks import close, raises, right

@pytest.mark.task("double", points=30)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_values(student, draw, n):
    """Doubles."""
    right(student.double(draw.normal(n, 2)))

@pytest.mark.task("double", points=10, law=True)
def test_law(student, draw):
    """Linear."""
    x = draw.normal(3)
    close(student.double(2 * x), 2 * np.asarray(student.double(x)))

@pytest.mark.task("back", points=20)
def test_back(student, draw):
    """Gradient."""
    x = draw.normal(3)
    student.double(x)
    close(student.back(x), 2 * x)

@pytest.mark.task("noise", points=20)
def test_noise(student, rng):
    """Noise."""
    right(student.noise(5, rng))

@pytest.mark.task("noise", points=20, bonus=True)
def test_last(student, rng):
    """Looks."""
    a, b = np.asarray(student.noise(2, rng))
    assert isinstance(float(a), float)
'''


@pytest.fixture
def toy(tmp_path):
    """Write a toy course; ``toy(grader)`` collects it."""

    def write(grader: str = GRADER, solution: str = SOLUTION):
        for name, text in {
            "course_config.py": CONFIG,
            "solutions/toy.py": solution,
            "assignments/toy/grader.py": grader,
        }.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        course = load_course(tmp_path)
        return Suite(course, course.unit("toy"), {"double": "double", "back": "back", "noise": "noise"})

    return write


def subject(source: str) -> LocalSubject:
    namespace: dict = {"np": np}
    exec(compile(source, "cell 1", "exec"), namespace)
    return LocalSubject(namespace)


def verdicts(suite, who, paper=1):
    checks, _ = judge(suite, who, paper)
    return {check.id: (check.verdict.value, check.earned) for check in checks}


def test_the_reference_passes_everything(toy):
    """And gets all points."""
    suite = toy()
    assert all(verdict == "PASSED" for verdict, _ in verdicts(suite, reference_subject(suite)).values())


def test_a_wrong_function_fails_its_value_checks_and_earns_no_law(toy):
    """A law alone earns nothing: zeros are linear, too."""
    wrong = subject(SOLUTION.replace("return 2 * x", "return 0 * x"))
    found = verdicts(toy(), wrong)
    assert found["test_values"] == ("FAILED", 0.0)
    assert found["test_law"] == ("BLOCKED", 0.0)
    assert found["test_back"] == ("PASSED", 20.0)


def test_a_failure_in_another_task_blocks_instead_of_failing(toy):
    """back is not judged while double raises."""
    found = verdicts(toy(), subject(SOLUTION.replace("return 2 * x", "raise KeyError('x')")))
    assert found["test_values"][0] == "ERROR"
    assert found["test_back"][0] == "BLOCKED"


def test_stub_and_nothing_earn_nothing(toy):
    """Every check is MISSING or BLOCKED."""
    for source in ("x = 1", "def double(x):\n    raise NotImplementedError"):
        found = verdicts(toy(), subject(source))
        assert {verdict for verdict, _ in found.values()} <= {"MISSING", "BLOCKED"}
        assert sum(points for _, points in found.values()) == 0


def test_a_check_with_parameters_is_one_check(toy):
    """It fails if any of its cases fails."""
    wrong = subject(SOLUTION.replace("return 2 * x", "return 2 * x if x.shape[0] < 3 else x"))
    assert verdicts(toy(), wrong)["test_values"] == ("FAILED", 0.0)


def test_an_unforeseen_exception_with_a_good_reference_is_failed_and_flagged(toy):
    """The student's odd answer breaks the check, the reference's does not."""
    suite = toy(GRADER.replace("np.asarray(student.noise(2, rng))", "student.noise(2, rng).value.tolist()"))
    odd = subject(SOLUTION.replace("rng.normal(size=n)", "rng.normal(size=n) * np.nan"))
    assert suite.run("test_last", odd, 1).verdict is Verdict.PASSED
    suite = toy(GRADER.replace("isinstance(float(a), float)", "round(a) == round(a)"))
    outcome = suite.run("test_last", odd, 1)
    assert outcome.verdict is Verdict.FAILED
    assert "with the reference it passes" in outcome.notes[0]


def test_a_check_that_is_itself_broken_is_broken(toy):
    """Our fault: no score, and staff learn why."""
    suite = toy(GRADER.replace("draw.normal(n, 2)", "draw.nrmal(n, 2)"))
    outcome = suite.run("test_values", subject(SOLUTION), 1)
    assert outcome.verdict is Verdict.BROKEN
    assert "nrmal" in " ".join(outcome.notes)


def test_the_same_paper_holds_the_same_numbers(toy):
    """A regrade sees the same inputs; another paper holds others."""
    suite = toy()
    who = reference_subject(suite)
    seen = [suite.run("test_values", who, paper).transcript[0].args[0] for paper in (5, 5, 6)]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_plain_assertions_do_not_show_hidden_values(toy):
    """Assertion rewriting would print them."""
    grader = GRADER.replace("right(student.noise(5, rng))", "assert 12345 == student.noise(1, rng).value[0]")
    outcome = toy(grader).run("test_noise", subject(SOLUTION), 1)
    assert outcome.verdict is Verdict.FAILED
    assert "12345" not in outcome.reason


LOOKS = "    a, b = np.asarray(student.noise(2, rng))\n    assert isinstance(float(a), float)"


@pytest.mark.parametrize(
    "check",
    [
        "    raises(ValueError, student.noise(0, rng))",
        "    with pytest.raises(ValueError):\n        student.noise(0, rng)",
    ],
    ids=["noted", "caught"],
)
def test_expected_exception_that_does_not_come_is_failed(toy, check):
    """It says what should have been raised, whether it was noted or caught."""
    suite = toy(
        GRADER.replace(LOOKS, check),
        SOLUTION.replace("return rng", "if not n: raise ValueError\n    return rng"),
    )
    assert suite.run("test_last", reference_subject(suite), 1).verdict is Verdict.PASSED
    outcome = suite.run("test_last", subject(SOLUTION), 1)
    assert (outcome.verdict, outcome.reason) == (
        Verdict.FAILED,
        "ValueError should have been raised; nothing was.",
    )


def test_a_grader_that_does_not_import_is_a_config_error(toy):
    """With the file's name."""
    with pytest.raises(ConfigError, match="cannot be collected"):
        toy(GRADER.replace("import numpy as np", "import nothing_of_that_name"))


def test_a_swallowed_end_of_the_process_still_counts(toy):
    """``pytest.raises(Exception)`` cannot turn a budget that ran out into a pass."""
    grader = GRADER.replace(
        LOOKS, "    with pytest.raises(Exception):\n        while True:\n            student.noise(1, rng)"
    )
    suite = toy(grader)
    suite.limits = replace(suite.limits, calls=300)
    outcome = suite.run("test_last", subject(SOLUTION), 1)
    assert outcome.verdict is Verdict.TIMEOUT


FIXTURES = '''
import pytest
from autograder.compare import assert_close
from autograder.checks import right

SEEN = []

@pytest.fixture
def rng():
    SEEN.append("own rng")
    return 3

@pytest.fixture
def scaled(request):
    return 10 * request.param

@pytest.mark.task("double", points=30)
def test_own(student, rng):
    """The grader's own fixture, though it has the name of ours."""
    assert_close(student.double(float(rng)), 6.0)

@pytest.mark.task("double", points=10)
@pytest.mark.parametrize("scaled", [1.0, 2.0], indirect=True)
def test_indirect(student, scaled):
    """A parameter that goes through a fixture."""
    assert scaled >= 10.0
    right(student.double(scaled))

def setup_function(function):
    SEEN.append(function.__name__)

@pytest.mark.task("double", points=60)
def test_set_up(student):
    """A function with its own set-up."""
    assert "test_set_up" in SEEN
    assert_close(student.double(4.0), 8.0)
'''


def test_a_grader_s_own_fixtures_are_pytest_s_business(toy):
    """Only a check that asks for nothing but ours is called without pytest's set-up."""
    suite = toy(FIXTURES)
    found = verdicts(suite, reference_subject(suite))
    assert {name: verdict for name, (verdict, _) in found.items()} == dict.fromkeys(
        ("test_own", "test_indirect", "test_set_up"), "PASSED"
    )


@pytest.mark.parametrize("end", ["raise SystemExit(0)", "pytest.skip('not here')", "pytest.xfail('known')"])
def test_a_check_that_gives_no_judgement_is_broken(toy, end):
    """It ends no command, and costs nobody points."""
    suite = toy(GRADER.replace('"""Looks."""', f'"""Looks."""\n    {end}'))
    outcome = suite.run("test_last", subject(SOLUTION), 1)
    assert outcome.verdict is Verdict.BROKEN


def test_a_failed_case_is_told_by_its_name(toy):
    """A check with parameters says which of its cases is the first that failed."""
    wrong = subject(SOLUTION.replace("return 2 * x", "return 2 * x if x.shape[0] < 3 else x"))
    suite = toy()
    checks, _ = judge(suite, wrong, 1)
    (values,) = [check for check in checks if check.id == "test_values"]
    assert values.reason.endswith("(Case 3.)")
