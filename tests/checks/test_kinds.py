"""A right number is right in whatever type it comes; a wrong one in none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks.kinds import in_kind
from autograder.checks.structure import ReplyMismatch, check_part
from autograder.inside.wire import HandleRef

# What came, what is asked, and what it is taken for.
TAKEN: dict[str, tuple[Any, Any, Any]] = {
    "a tensor without axes": (torch.tensor(2.5), 1.0, 2.5),
    "one that has a gradient": (torch.tensor(2.5, requires_grad=True), 1.0, 2.5),
    "an array without axes": (np.array(2.5), 1.0, 2.5),
    "a list of such tensors": ([torch.tensor(1.0), torch.tensor(2.0)], [0.0, 0.0], [1.0, 2.0]),
    "an array for a list": (np.array([1.0, 2.0]), [0.0, 0.0], [1.0, 2.0]),
    "a tensor for a list": (torch.tensor([1, 2]), [0, 0], [1, 2]),
    "a list for a tuple": ([1, 2], (0, 0), (1, 2)),
    "a tuple for a list": ((1, 2), [0, 0], [1, 2]),
    "several values with such a one": (
        (np.ones(2), torch.tensor(3.0)),
        (np.zeros(2), 0.0),
        (np.ones(2), 3.0),
    ),
    "in a dict": ({"loss": torch.tensor(1.0), "more": 1}, {"loss": 0.0}, {"loss": 1.0, "more": 1}),
    "a number of NumPy": (np.int64(3), 1, 3),
}
KEPT: dict[str, tuple[Any, Any]] = {
    "a tensor with an axis": (torch.tensor([2.5]), 1.0),
    "an array for several things": (np.zeros((2, 3)), (np.zeros(3), HandleRef("cache"))),
    "an array of two axes for a list": (np.zeros((2, 2)), [0.0, 0.0]),
    "another number of values": (np.zeros(3), [0.0, 0.0]),
    "nothing": (None, 1.0),
    "a text": ("2.5", 1.0),
    "an object": (HandleRef("Loss"), 1.0),
    "an array for an array": (np.array(2.5), np.array(1.0)),
    "a tensor for an object": (torch.tensor(2.5), HandleRef("Value")),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_differs_in_type_only_is_taken_for_what_is_asked(what: str) -> None:
    """As a plain value of the type that is asked, in which nothing of it is lost."""
    came, asked, expected = TAKEN[what]
    taken = in_kind(came, asked)
    np.testing.assert_equal(taken, expected)
    assert type(taken) is type(asked) or isinstance(taken, np.generic)
    check_part(taken, asked, "f", " returned ")


@pytest.mark.parametrize("what", KEPT)
def test_what_differs_in_more_stays_as_it_is(what: str) -> None:
    """It is told as what it is."""
    came, asked = KEPT[what]
    assert in_kind(came, asked) is came


@pytest.mark.parametrize(
    ("came", "asked", "fits"),
    [
        (np.array([1, 2]), np.array([1.0, 2.0]), True),
        (np.array([1.0, 2.0]), np.array([1, 2]), True),
        (7.0, 7, True),
        (np.float32(7), 7, True),
        (7, 7.0, True),
        (True, 1, False),
        (1, True, False),
        (1j, 1.0, False),
        (np.array([True]), np.array([1.0]), False),
        (torch.tensor([1]), torch.tensor([1.0]), True),
        (torch.tensor([1.0]), np.array([1.0]), False),
    ],
)
def test_whole_and_real_numbers_stand_for_one_another(came: Any, asked: Any, fits: bool) -> None:
    """Booleans and complex numbers do not, and neither do arrays for tensors."""
    try:
        check_part(came, asked, "f", " returned ")
    except ReplyMismatch:
        assert not fits
    else:
        assert fits
