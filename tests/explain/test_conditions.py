"""Conditions: the setting that splits wrong calls from right ones is told."""

import numpy as np
import pytest

from autograder.explain.conditions import Row, condition

SQUARE, WIDE = np.zeros((2, 3, 4, 4)), np.zeros((2, 3, 4, 6))


def rows(*pairs):
    return [Row("f", arguments, wrong) for arguments, wrong in pairs]


@pytest.mark.parametrize(
    ("name", "wrong", "right", "words"),
    [
        ("stride", 2, 1, "with stride > 1 and right with stride = 1"),
        ("padding", 0, 1, "with padding = 0 and right with padding > 0"),
        ("b", None, SQUARE, "with b left out and right with b given"),
        ("x", WIDE, SQUARE, "with x of unequal height and width"),
        ("x", SQUARE[:1], SQUARE, "with x of one entry"),
        ("training", False, True, "with training = False and right with training = True"),
        ("kernel", (2, 3), (2, 2), "with kernel of two different values"),
    ],
)
def test_what_splits_is_told(name, wrong, right, words):
    """Wrong with the one, right with the other."""
    calls = rows(({name: wrong}, True), ({name: right}, False), ({name: right}, False))
    assert words in condition(calls)


@pytest.mark.parametrize(
    "pairs",
    [
        [({"stride": 1}, True), ({"stride": 2}, False), ({"stride": 2}, True)],
        [({"stride": 1}, False), ({"stride": 2}, True)],
        [({"stride": 1}, True), ({"stride": 2}, True), ({"stride": 2}, True)],
        [],
    ],
)
def test_what_does_not_split_is_not_told(pairs):
    """Neither is what may be chance: a single right call."""
    assert condition(rows(*pairs)) is None
