"""What a student is told: the mistake by name, else what was seen, and the smallest case."""

import time

import numpy as np
import pytest

from autograder.diagnose import Explainer, diagnosis, explanation_digest
from autograder.grade import judge
from autograder.mistakes import module_namespace, tasks_of_names
from autograder.plugin import Suite
from autograder.prove.trials import seeds_of
from autograder.student.subjects import LocalSubject
from autograder.verdicts import Verdict

RIGHT = """
import numpy as np

def scale(x, factor=2.0):
    if factor < 0:
        raise ValueError
    return x * factor

def total(x):
    return x.sum(axis=0), None

class Counter:
    def __init__(self, params, lr=1.0):
        self.params, self.lr, self.n = params, lr, 0

    def step(self, grads):
        self.n += 1
        for p, g in zip(self.params, grads):
            p += self.lr * self.n * g
"""


@pytest.fixture
def explained(tiny):
    """A function that judges and explains a submission that differs from the right one in one place."""
    course = tiny()
    suite = Suite(course, course.units[0], tasks_of_names(course.units[0]))
    told_by = diagnosis(suite)

    def explain(old="", new="", seed=1):
        assert old in RIGHT
        subject = LocalSubject(module_namespace(RIGHT.replace(old, new), "student"))
        seeds = seeds_of(suite, seed)
        checks, outcomes = judge(suite, subject, seeds)
        told = told_by.explain(checks, outcomes, seeds, subject)
        assert [(c.verdict, c.earned) for c in told] == [(c.verdict, c.earned) for c in checks]
        return {check.id: check for check in told}

    return explain


def test_right_code_is_told_nothing(explained):
    """Passed checks stay as they are."""
    assert all(check.verdict is Verdict.PASSED and check.case is None for check in explained().values())


def test_named_from_the_output(explained):
    """Other code with the same wrong output gets the mistake's name, sentence and hint; points stay."""
    check = explained("return x * factor", "return np.add(factor, x)")["test_double"]
    assert (check.mistake, check.reason, check.hint) == ("adds", "You add.", "*")


def test_not_named_when_another_check_disagrees(explained):
    """A name needs all checks of the task to fit."""
    checks = explained("return x * factor", "return x + factor if factor == 2.0 else x * factor")
    assert checks["test_double"].mistake is None
    assert checks["test_double"].verdict is Verdict.FAILED


def test_not_named_when_it_is_wrong_elsewhere(explained):
    """Failing the same checks is not enough: the answers must be the mistake's."""
    checks = explained("return x * factor", "return x * (factor + 1)")
    assert checks["test_double"].mistake is None
    assert checks["test_factor"].mistake is None


def test_class_with_arrays_in_place(explained):
    """The state that a class leaves in shared arrays is its answer."""
    check = explained("self.lr * self.n * g", "self.lr * g")["test_steps"]
    assert check.mistake == "stays"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("return -x * factor", "right apart from its sign"),
        ("return x * factor * 3", "times 3, the length of axis 0 of x (the batch)"),
        ("return (x * factor)[::-1]", "flipped along axis 0"),
        ("return x * 2.0 if factor == 2.0 else x * factor + 1", "by the same amount everywhere"),
    ],
)
def test_seen_relations(explained, new, words):
    """Without a name, what was seen is added to the check's own sentence."""
    found = explained("return x * factor", new)
    reasons = " ".join(check.reason for check in found.values() if check.verdict is Verdict.FAILED)
    assert words in reasons
    assert "differs in" in reasons


def test_smallest_case_runs(explained):
    """The cell can be copied, shows what the student got and what is expected, and uses no hidden input."""
    case = explained("return x * factor", "return x * (factor + 1)")["test_double"].case
    student, right = {}, {}
    exec(RIGHT.replace("return x * factor", "return x * (factor + 1)"), student)
    exec(RIGHT, right)
    *body, look = case["calls"].splitlines()
    for namespace, shown in ((student, case["got"]), (right, case["expected"])):
        exec("\n".join(body), namespace)
        value = eval(look, namespace)
        assert repr(value) == shown
        assert value.size <= 2


def test_smallest_case_is_the_same_for_everyone(explained):
    """It does not depend on the student's hidden inputs."""
    cases = [explained("axis=0", "axis=1", seed)["test_total"].case for seed in range(3)]
    assert cases[0] is not None
    assert cases.count(cases[0]) == 3
    assert "total(x)" in cases[0]["calls"]


def test_case_of_a_class_is_a_short_program(explained):
    """Constructed, stepped as often as it takes, and then looked at."""
    case = explained("self.lr * self.n * g", "self.lr * g")["test_steps"].case
    assert case["calls"].count(".step(") == 2
    assert case["calls"].splitlines()[-1] == "param"
    assert "lr=0.37" not in case["calls"]


def test_an_exception_has_a_case(explained):
    """Code that raises on some inputs is shown the smallest of them."""
    check = explained("return x * factor", "return [v * factor for v in x][3]")["test_double"]
    assert check.verdict is Verdict.ERROR
    assert "IndexError" in check.case["got"]
    assert "array" in check.case["expected"]


def test_slow_code_ends_the_search(explained):
    """Explaining must not take longer than grading: after one slow run there are no others."""
    begun = time.perf_counter()
    check = explained("return x * factor", "__import__('time').sleep(0.3)\n    return x")["test_double"]
    assert check.verdict is Verdict.FAILED
    assert time.perf_counter() - begun < 6


def test_answers_of_another_kind(explained):
    """Whatever a constructor or a function returns, the search only finds that it is wrong."""
    checks = explained("class Counter:", "def Counter(params, lr):\n    return 3\n\nclass Other:")
    assert checks["test_steps"].verdict is not Verdict.PASSED
    checks = explained("return x.sum(axis=0), None", "return {1: 'a'}")
    assert checks["test_total"].verdict is Verdict.FAILED


def test_missing_names_have_no_explanation(explained):
    """A stub has nothing to be explained."""
    check = explained("return x * factor", "raise NotImplementedError")["test_double"]
    assert check.verdict is Verdict.MISSING
    assert (check.case, check.mistake) == (None, None)


def test_chance_has_no_smallest_case(explained):
    """An answer that differs from run to run of the reference cannot be compared; ours does not."""
    check = explained("return x * factor", "return x * np.random.default_rng().random()")["test_double"]
    assert check.case is not None


def test_explanations_have_a_digest_of_their_own(tiny):
    """A better hint changes it; a new check does not."""
    course = tiny()
    unit = course.units[0]
    before = explanation_digest(course, unit)
    unit.grader.write_text(unit.grader.read_text() + "\n")
    assert explanation_digest(course, unit) == before
    unit.mistakes.write_text(unit.mistakes.read_text().replace('hint="*"', 'hint="times"'))
    assert explanation_digest(course, "numbers") != before


def test_a_fault_of_ours_costs_nothing(tiny):
    """Where explaining itself fails, the marks stay and staff get a note."""
    course = tiny()
    unit = course.units[0]
    suite = Suite(course, unit)
    subject = LocalSubject({"scale": lambda x, factor=1.0: np.zeros(3)})
    checks, outcomes = judge(suite, subject, seeds_of(suite, 0))
    unit.mistakes.write_text("1 / 0\n")

    class Trialled:
        pass

    trialled = Trialled()
    vars(trialled).update(
        suite=suite, subject=subject, checks=checks, outcomes=outcomes, seeds=seeds_of(suite, 0)
    )
    told = Explainer()(trialled)
    assert [check.earned for check in told] == [check.earned for check in checks]
    assert "diagnosis failed: ConfigError" in told[0].notes[0]
