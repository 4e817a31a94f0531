"""Where a check went wrong: the value that it compares, by the name that the check gives it."""

from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks import chance, close, dtype, obeys, raises, right, unchanged
from autograder.explain.comparison import pair_of, spot
from autograder.judge.outcome import outcome_of
from tests.student.subjects import here, namespace_of

RIGHT = """
import numpy as np

def pair(x): return 2 * x, 3 * x
def table(x): return {"a": x, "b": 2 * x}
def refuses(x): raise ValueError
def draws(rng): return rng.normal(size=4)
def nothing(): return 1.0

class Mover:
    def __init__(self, params, lr): self.params, self.lr, self.n = params, lr, 0
    def step(self, grads):
        self.n += 1
        for p, g in zip(self.params, grads): p -= self.lr * self.n * g
"""
X = np.array([[0.3, 1.7, 2.9], [4.1, 5.3, 7.9]])


def ended(check, *changes):
    """How a check ends on code that is right but for some changes, and a suite to explain it with."""
    source = RIGHT
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    student = here(source, RIGHT, task="pair")
    error = None
    try:
        check(student)
        student.end()
    except Exception as caught:
        error = caught
    return SimpleNamespace(reference=namespace_of(RIGHT)), outcome_of(error, None, student.court)


def compared(check, *changes):
    return pair_of(*ended(check, *changes))


def where(check, *changes, known=False):
    suite, outcome = ended(check, *changes)
    found = spot(suite, "check", outcome, 0, known)
    return None if found is None else (found.index, found.path, found.asked_to_raise)


def of_pair(student):
    first, second = student.pair(X)
    right(second, "db")
    right(first, "dx")


def test_only_the_value_that_the_check_compares():
    """Another value of the same answer may be wrong as well; it has a check of its own."""
    pair = compared(of_pair, ("2 * x, 3 * x", "5 * x, 3 * x + 1"))
    assert pair.what == "db"
    assert np.array_equal(pair.actual, 3 * X + 1) and np.array_equal(pair.expected, 3 * X)
    assert set(pair.arguments) == {"x"}
    assert where(of_pair, ("2 * x, 3 * x", "5 * x, 3 * x + 1")) == (0, (1,), False)


def test_by_the_measure_of_the_check():
    """What the check lets pass is no difference."""

    def check(student):
        right(student.pair(X)[0], "dx", rtol=0.01, atol=0.0)

    pair = compared(check, ("2 * x, 3", "2 * x * np.array([1.0, 1.005, 1.2]), 3"))
    assert pair.limits == (0.01, 0.0)
    assert pair.mismatched.tolist() == [[False, False, True]] * 2


def test_a_wrong_shape_is_compared_too():
    """The two arrays are there for relations such as a forgotten sum."""
    pair = compared(of_pair, ("3 * x", "3 * x.sum(axis=0)"))
    assert pair.what == "db" and pair.actual.shape == (3,) and pair.expected.shape == (2, 3)


@pytest.mark.parametrize("key", ["a", "b"])
def test_an_entry_of_a_dict(key):
    """By its key."""

    def check(student):
        right(student.table(X)[key], key)

    assert compared(check, ('"a": x, "b": 2 * x', '"a": 7 * x, "b": 7 * x')).what == key
    assert where(check, ('"a": x, "b": 2 * x', '"a": 7 * x, "b": 7 * x')) == (0, (key,), False)


def moved(student, steps=2, between=lambda places: None):
    params = [X.copy(), np.ones(2)]
    places = student.share(params)
    mover = student.Mover(places, lr=0.5)
    for number in range(1, steps + 1):
        between(places)
        mover.step([X, np.array([3.0, 4.0])])
        right(student.now(places), f"After step {number}, params")


def test_of_arrays_in_place_the_change():
    """A relation speaks of what a step adds: twice the step is not twice the parameter."""
    pair = compared(moved, ("self.lr * self.n", "2 * self.lr * self.n"))
    assert pair.what == "After step 1, the change of params[0]"
    assert np.allclose(pair.actual, -X) and np.allclose(pair.expected, -X / 2)
    later = compared(moved, ("self.n += 1", "self.n = 1"))
    assert later.what == "After step 2, the change of params[0]"
    assert np.allclose(later.actual, -X / 2) and np.allclose(later.expected, -X)
    second = compared(moved, ("p -= self.lr * self.n * g", "p -= self.lr * self.n * g * (p.ndim > 1)"))
    assert second.what == "After step 1, the change of params[1]" and not second.actual.any()


def test_a_check_that_writes_into_the_arrays_itself():
    """What they were before is not known then; the value stands for itself."""

    def between(places):
        for place in places:
            place[...] = 0.0

    pair = compared(lambda student: moved(student, between=between), ("self.lr * self.n", "self.n"))
    assert pair.what == "After step 1, params[0]" and np.allclose(pair.actual, -X)


def test_where_a_call_raised():
    """The call itself, whatever was to be judged of it."""
    assert where(of_pair, ("return 2 * x, 3 * x", "raise KeyError")) == (0, (), False)
    refused = where(
        lambda student: raises(ValueError, student.refuses(1.0)), ("raise ValueError", "return x")
    )
    assert refused == (0, (), True)


def test_other_expectations_have_no_pair():
    """A dtype, or that nobody wrote into an array, says all there is in its own sentence."""

    def kept(student):
        student.share(X)
        student.pair(X)
        unchanged(student, X, "x")

    for check in (lambda student: dtype(student.pair(X)[0], np.float32, "dx"), kept):
        assert compared(check, ("return 2 * x, 3 * x", "x *= 2; return x, x")) is None
    assert where(kept, ("return 2 * x", "x *= 2; return x")) == (2, (), False)


def laws(student):
    obeys(student.draws(np.random.default_rng(0)), lambda value: chance.near(value.mean(), 50, 1, "The mean"))


def test_one_of_many_right_answers_is_not_shown():
    """What obeys a law, is drawn or takes nothing; but a known mistake is shown on the first two."""
    assert where(laws) is None
    assert where(laws, known=True) == (0, (), False)

    def same(student):
        close(student.draws(np.random.default_rng(0)), np.zeros(4), "The draw")

    assert where(same) is None and where(same, known=True) == (0, (), False)
    exactly = where(
        lambda student: right(student.draws(np.random.default_rng(0)), "w"), ("size=4", "size=4) + (1")
    )
    assert exactly == (0, (), False), "the reference's draws are asked for"

    def hunt(student):
        right(student.nothing(), "The answer")

    assert where(hunt, ("return 1.0", "return 2.0"), known=True) is None


def test_a_check_that_compares_by_itself():
    """The first call that was answered otherwise than by the reference."""

    def check(student):
        student.pair(X)
        assert student.table(X)["a"].value.sum() == 0, "It is not zero."

    assert where(check, ("2 * x, 3 * x", "2 * x, 4 * x")) == (0, (), False)
    assert compared(check, ("2 * x, 3 * x", "2 * x, 4 * x")) is None
