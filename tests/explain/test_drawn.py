"""Random answers are alike where they are drawn alike, whatever the numbers are."""

import numpy as np
import pytest

from autograder.explain.drawn import drawn_alike, is_drawn
from autograder.student.steps import Step

X = np.random.default_rng(0).normal(size=(100, 60))
STEP = Step("call", None, (X, 0.3, np.random.default_rng(1)), label="corrupt")


def masked(x, seed):
    """A share of 0.3 set to zero."""
    return np.where(np.random.default_rng(seed).uniform(size=x.shape) < 0.3, 0.0, x)


def noisy(x, seed, deviation=0.3):
    """With noise."""
    return x + deviation * np.random.default_rng(seed).normal(size=x.shape)


def test_a_step_that_draws():
    """It is given a generator, in whatever place."""
    assert is_drawn(STEP) and is_drawn(Step("call", None, (X,), {"rng": [np.random.default_rng(2)]}))
    assert not is_drawn(Step("call", None, (X, 0.3)))


@pytest.mark.parametrize("draw", [masked, noisy])
def test_another_order_of_draws(draw):
    """The numbers are others, the distribution is the same."""
    for seed in range(2, 40):
        assert drawn_alike(draw(X, 1), draw(X, seed), STEP, [])


@pytest.mark.parametrize(
    "other",
    [
        masked(X, 2) / 0.7,
        X - masked(X, 2),
        np.where(masked(X, 2) == 0, X.min(), X),
        noisy(X, 2),
        np.zeros_like(X),
        np.full_like(X, np.nan),
        masked(X, 2)[:, :50],
        masked(X, 2).astype(np.float32),
        masked(X[::-1], 2),
    ],
    ids="scaled inverted salted noisy nothing nan smaller single unrelated".split(),
)
def test_another_way_to_draw(other):
    """A mean tells it from masking, or the shape or dtype does."""
    assert not drawn_alike(masked(X, 1), other, STEP, []) and not drawn_alike(other, masked(X, 1), STEP, [])


def test_another_spread_and_neighbours():
    """The variance is another, or whole rows have one noise."""
    alone, rows = noisy(X, 1), X + 0.3 * np.random.default_rng(2).normal(size=60)
    assert not drawn_alike(alone, noisy(X, 2, 0.3**0.5), STEP, [])
    assert not drawn_alike(alone - X, rows - X, STEP, [])


def test_few_numbers_tell_nothing():
    """A mean of twenty numbers would differ too little."""
    few = X[:5, :4]
    step = Step("call", None, (few, np.random.default_rng(1)))
    assert not drawn_alike(noisy(few, 1), noisy(few, 2), step, [])


def test_two_draws_from_equal_generators():
    """What a law compares differs by what is no chance, and that is compared up to rounding."""
    few = X[:5, :4]
    step = Step("call", None, (few, np.random.default_rng(1)))
    zero = np.zeros_like(few)
    moved, fixed = (noisy(few, 1), noisy(zero, 1)), (noisy(zero, 2), noisy(zero, 2))
    again = noisy(few, 3), noisy(zero, 3)
    assert drawn_alike(moved[0], again[0], step, [(moved[1], again[1])])
    assert not drawn_alike(moved[0], fixed[0], step, [(moved[1], fixed[1])])
