"""What is said of one number, of factors, and of what is nearly right."""

import math

import numpy as np
import pytest

from autograder.explain.relation import Pair, relation

RNG = np.random.default_rng(7)
LOSS = 1.2345678
RIGHT = RNG.standard_normal((4, 3))
X = np.zeros((8, 5))


def told(actual, expected=LOSS, what="loss", limits=None, **arguments):
    return relation(Pair(what, np.asarray(actual), np.asarray(expected), arguments, limits=limits))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (8, "times 8, the length of axis 0 of x (the batch): is it summed instead of averaged?"),
        (1 / 8, "divided by 8, the length of axis 0 of x (the batch): is it averaged instead of summed"),
        (5, "times 5, the length of axis 1 of x: is it summed instead of averaged?"),
        (40, "times 40, the number of values in x"),
        (1 / 40, "divided by 40, the number of values in x"),
        (-8, "times minus 8, the length of axis 0"),
        (2, "times 2: is something counted twice, or a factor 1/2 missing?"),
        (0.5, "times 1/2."),
        (-1, "is right apart from its sign."),
        (1 / math.log(2), "divided by log(2): is the logarithm taken to the base 2?"),
        (1 / math.log(10), "divided by log(10): is the logarithm taken to the base 10?"),
        (math.log(2), "times log(2): should the logarithm be taken to the base 2?"),
        (0, "is 0 here."),
        (math.nan, "contains NaN or infinity"),
        (3, None),  # neither a length nor a number that has a name
        (0.7, None),
    ],
)
def test_one_number(factor, words):
    """By sizes of the arguments and bases of logarithms, and by nothing that chance could give."""
    sentence = told(factor * LOSS, x=X)
    assert words in sentence if words else sentence is None


@pytest.mark.parametrize("expected", [2.0, 0.5, 16.0])
def test_a_round_number_is_related_to_nothing(expected):
    """16 may be 8 times 2, and it may be anything."""
    assert told(8 * expected, expected, x=X) is None


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (5, "times 5, the length of axis 1 of x: is a division by it missing?"),
        (-40, "times minus 40, the number of values in x: is a division by it missing?"),
        (1 / math.log(2), "is the logarithm taken to the base 2?"),
        (0.75, "equals the right one times 0.75."),
        (-1.5, "equals the right one times -1.5."),
        (0.7312, "equals the right one times one and the same number."),  # it may be a hidden input
    ],
)
def test_the_factor_of_an_array(factor, words):
    """A number without a name could be made of a hidden input: it is not told."""
    assert words in told(factor * RIGHT, RIGHT, x=X)


@pytest.mark.parametrize(("actual", "words"), [(7, "is one too large."), (5, "is one too small."), (8, None)])
def test_counts(actual, words):
    """Off by one."""
    sentence = told(actual, 6, what="The size")
    assert words in sentence if words else sentence is None


def test_what_is_nearly_right():
    """Noise is no matter of float32; and a check that compares roughly is no more exact than that."""
    near = RIGHT * (1 + 1e-8 * RNG.standard_normal(RIGHT.shape))
    assert "is right to about 7 digits: has a small constant another value" in told(
        near, RIGHT, limits=(1e-9, 0.0)
    )
    assert "about six digits only: is something in float32?" in told(
        RIGHT.astype(np.float32).astype(float), RIGHT, limits=(1e-9, 0.0)
    )
    rough = 8 * RIGHT * (1 + 1e-4 * RNG.standard_normal(RIGHT.shape))
    assert "times 8, the length of axis 0" in told(rough, RIGHT, limits=(1e-2, 0.0), x=X)
    assert told(rough, RIGHT, limits=(1e-9, 0.0), x=X) is None


def test_places_are_told_by_the_measure_of_the_check():
    """What it lets pass is right."""
    wrong = RIGHT * 1.001
    wrong[1] += 1 + np.arange(3) ** 2
    assert told(wrong, RIGHT, limits=(0.01, 0.0)) == "loss is wrong only at index 1 of axis 0."
    assert told(wrong, RIGHT, limits=(1e-9, 0.0)) is None


@pytest.mark.parametrize(
    ("what", "begins"),
    [
        ("the output", "The output is"),
        ("dx", "dx is"),
        ("dx after another pass", "dx after another pass is"),
        ("params[0]", "params[0] is"),
        ("after step 1, the change of params", "After step 1, the change of params is"),
    ],
)
def test_a_name_begins_a_sentence_as_it_is_written(what, begins):
    """Dx is another name."""
    assert told(-RIGHT, RIGHT, what=what).startswith(begins)
