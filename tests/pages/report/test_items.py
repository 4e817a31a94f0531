"""Difficulty and discrimination of checks."""

import numpy as np
import pytest

from autograder.pages.report.items import analyse, correlation
from autograder.results.result import Result, Verdict
from tests.pages.examples import CHECKS, a_result

from .classes import a_class, odd_ones

FAIL, BLOCK = (Verdict.FAILED, {}), (Verdict.BLOCKED, {})


def test_the_figures_agree_with_numpy():
    """Share passed and item-rest correlation equal what NumPy makes of the table of points."""
    results = a_class()[:-4]
    items = {item.id: item for item in analyse(results)}
    for place, (name, *_rest) in enumerate(CHECKS):
        rows = [
            (
                result.checks[place].verdict is Verdict.PASSED,
                sum(c.earned for c in result.checks if c.id != name),
            )
            for result in results
            if result.checks[place].verdict is not Verdict.BLOCKED
        ]
        passed, rest = np.array(rows, dtype=float).T
        assert items[name].difficulty == pytest.approx(passed.mean())
        assert items[name].discrimination == pytest.approx(np.corrcoef(passed, rest)[0, 1])


def test_odd_submissions_do_not_count():
    """Broken and unreadable results say nothing about checks."""
    sound = a_class()[:-4]
    broken, unreadable, *_ = odd_ones([a_result(f"x{i}") for i in range(4)])
    assert analyse([*sound, broken, unreadable]) == analyse(sound)


def test_blocked_is_not_failed():
    """A check that could not be judged for a student leaves that student out."""
    item = {i.id: i for i in analyse([a_result("a", {"test_dx": BLOCK}), a_result("b", {"test_dx": FAIL})])}[
        "test_dx"
    ]
    assert (item.judged, item.passed, item.difficulty) == (1, 0, 0.0)
    nobody = {i.id: i for i in analyse([a_result("a", {"test_dx": BLOCK})])}["test_dx"]
    assert nobody.difficulty is None


def test_a_check_that_strong_students_fail_is_suspect():
    """If the strong fail what the weak pass, discrimination is negative and the check is named."""
    weak = {name: FAIL for name, *_ in CHECKS if name != "test_pool"}
    results = [a_result(f"strong-{i}", {"test_pool": FAIL}) for i in range(6)]
    results += [a_result(f"weak-{i}", weak) for i in range(12)]
    item = {i.id: i for i in analyse(results)}["test_pool"]
    assert item.discrimination == pytest.approx(-1.0)
    assert item.failed_by_strong
    assert item.suspect
    assert (item.strong_failed, item.strong_judged) == (6, 6)


def test_few_students_give_no_correlation():
    """With nine students, or where all agree, there is a dash and no number."""
    few = [a_result(f"s{i}", {"test_dx": FAIL} if i % 2 else {}) for i in range(9)]
    assert {item.discrimination for item in analyse(few)} == {None}
    alike = [a_result(f"s{i}") for i in range(20)]
    assert {item.discrimination for item in analyse(alike)} == {None}
    assert analyse([]) == []


def test_correlation_of_constant_values_is_none():
    """Rounding does not make a correlation out of equal numbers."""
    assert correlation([0.0, 1.0, 0.0], [0.1 + 0.2, 0.3, 0.3]) is None
    assert correlation([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]) == pytest.approx(1.0)


def test_an_empty_result_is_no_problem():
    """A result without checks changes nothing."""
    assert analyse([Result("conv_layer", "x", 0.0, 0.0)]) == []
