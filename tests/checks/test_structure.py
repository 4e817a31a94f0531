"""Structure, shape and kind of a reply: what is told of what came, and what is not."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from autograder.checks.compare import Difference, assert_close
from autograder.checks.structure import ReplyMismatch, check_part, check_structure, describe, shape_told
from autograder.inside.wire import HandleRef


def told(actual: Any, expected: Any, verb: str = " returned ") -> str:
    """The sentence for a reply that is not as expected; empty where it is."""
    try:
        check_part(actual, expected, "f", verb)
    except ReplyMismatch as error:
        return str(error)
    return ""


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (np.zeros((2, 3)), ONES),
        (np.zeros((2, 3), np.float32), ONES),
        (3, 2.5),
        (np.float32(1), 2.5),
        (np.array(1.0), 2.5),
        (2.5, np.array(1.0)),
        (np.uint8(1), 7),
        ([1.0, ONES], (2.0, ONES)),
        ({"a": 1, "b": 2}, {"a": 5}),
        ("x", HandleRef("dict")),
        (HandleRef("Mine"), HandleRef("dict")),
        (7, None),
        ("b", "a"),
        (slice(1), slice(2)),
    ],
    ids=repr,
)
def test_what_fits(actual, expected):
    """Honest variety is no mismatch; where the reference keeps an object, anything is right."""
    assert told(actual, expected) == ""


@pytest.mark.parametrize(
    ("actual", "expected", "sentence"),
    [
        (None, ONES, "f returned None; expected a NumPy array of shape (2, 3). Is there a return statement"),
        (None, 1.0, "f returned None; expected one number."),
        ([1.0], ONES, "f returned a list of 1 value; expected a NumPy array of shape (2, 3)."),
        ("abc", 1.0, "f returned a str; expected one number."),
        (HandleRef("Mine"), 1.0, "f returned an object of type Mine; expected one number."),
        (ONES, 1.0, "f returned a NumPy array of shape (2, 3); expected one number."),
        (ONES.T, ONES, "f returned the wrong shape: expected (2, 3), got (3, 2)."),
        (ONES[0], ONES, "f returned the wrong shape: expected (2, 3), got (3,)."),
        (1.0, ONES, "f returned one number; expected a NumPy array of shape (2, 3)."),
        (ONES > 0, ONES, "f returned booleans (bool); expected real numbers (float64)."),
        (1j, 1.0, "f returned complex numbers (complex); expected real numbers (float)."),
        ((ONES, 1), (ONES,), "f returned 2 values; expected 1."),
        ((ONES, 1), (ONES, "a"), "the 2nd value that f returned is one number; expected a str."),
        ((ONES, ONES.T), [ONES, ONES], "the 2nd value that f returned has the wrong shape: expected (2, 3)"),
        ([], {"a": 1}, "f returned a list of 0 values; expected a dict."),
        ({"b": 1}, {"a": 1}, "f returned a dict without the key 'a'."),
        ({"a": "x"}, {"a": 1}, "the value of 'a' that f returned is a str; expected one number."),
        ((1.0, 2.0), 1.0, "f returned a tuple of 2 values; expected one number."),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_does_not_fit(actual, expected, sentence):
    """What came and what was expected, in the words of the field, without a value."""
    assert told(actual, expected).startswith(sentence)


def test_a_tensor_where_an_array_is_expected():
    """And the other way round."""
    import torch

    tensor = torch.ones(2, 3)
    assert told(tensor, ONES) == (
        "f returned a torch tensor of shape (2, 3); expected a NumPy array of shape (2, 3)."
    )
    assert told(ONES, tensor).startswith("f returned a NumPy array")
    assert told(tensor.double(), tensor) == ""
    assert told(tensor.T, tensor) == "f returned the wrong shape: expected (2, 3), got (3, 2)."


@pytest.mark.parametrize("verb", [" is ", " returned "])
def test_the_verb_goes_on(verb):
    """Of what was read rather than returned it is said what it is."""
    assert told(None, 1.0, verb).startswith(f"f{verb}None")


# --- nothing is carried out ---


@pytest.mark.parametrize(
    ("shape", "expected", "said"),
    [
        ((2, 3), (5, 4), "(2, 3)"),
        ((2,), (5, 4), "(2,)"),
        ((), (5, 4), "()"),
        ((9999, 10), (5, 4), "(9999, 10)"),
        ((10000, 10), (5, 4), "(..., 10)"),
        ((10, 123456789), (5, 4), "(10, ...)"),
        ((1, 2, 3), (5, 4), "(1, 2, ...)"),
        ((1, 2, 3, 4, 5, 6, 7, 8), (5, 4), "(1, 2, ...)"),
        ((1,), (), "(...,)"),
        ((7, 8), (), "(...,)"),
        ((0, 123456789, 987654321), (5, 4, 3), "(0, ..., ...)"),
        ((0, 1234, 987), (5, 4, 3), "(0, ..., ...)"),
        ((0, 4, 3), (5, 4, 3), "(0, 4, 3)"),
        ((1, 2, 3, 4), None, "(1, 2, 3, 4)"),
        ((1, 2, 3, 4, 5), None, "(1, 2, 3, 4, ...)"),
        ((0, 7), None, "(0, ...)"),
    ],
)
def test_shapes_are_told_in_a_small_vocabulary(shape, expected, said):
    """Lengths can be made of hidden inputs, and of an empty array there can be any."""
    assert shape_told(shape, expected) == said
    array = np.broadcast_to(np.zeros(()), shape)
    if expected is None:
        assert describe(array) == f"a NumPy array of shape {said}"
        return
    right = np.broadcast_to(np.zeros(()), expected)
    if shape and expected:
        assert told(array, right) == f"f returned the wrong shape: expected {expected}, got {said}."
    with pytest.raises(Difference, match=re.escape(f"expected {expected}, got {said}.")):
        assert_close(array, right)


@pytest.mark.parametrize("count", [123456, 10_000])
def test_large_counts_are_not_told(count):
    """How many there are is a number, too."""
    many = [0] * count
    with pytest.raises(ReplyMismatch, match=r"^f returned more than 9999 values; expected 2\.$"):
        check_structure(many, (1, 2), "f")
    assert describe(many) == "a list of more than 9999 values"
    assert describe(many[:9999]) == "a list of 9999 values"
    with pytest.raises(Difference, match="more than 9999 values came, 2 were expected"):
        assert_close(many, [1, 2])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Mine", "an object of type Mine"),
        ("Mine2", "an object of type Mine2"),
        ("A" * 31, "an object"),
        ("T3ff0000000000000", "an object"),
        ("Mine 1234", "an object of type Mine"),
        ("ndarray longdouble", "a NumPy array of dtype longdouble (accepted are bool, "),
        ("ndarray x1234", "an object of type ndarray"),
        ("<b>", "an object"),
        ("object", "an object"),
        ("", "an object"),
    ],
)
def test_names_of_types_are_short(name, said):
    """They are what a process says; digits, signs and long words are left out."""
    assert describe(HandleRef(name)).startswith(said)
    assert "1234" not in describe(HandleRef(name))
