"""Changes of texts, line by line: of several at once, and moved to a copy."""

import pytest

from autograder.unit.mistakes.hunks import Hunk, hunks, likeness, moved, with_all

BASE = "a\nb\nc\nd\ne\n"


def test_what_was_changed():
    """The lines from one to another, and what stands in their place."""
    assert hunks(BASE, "a\nB\nc\nd\ne\nf\n") == [Hunk(1, 2, ("B\n",)), Hunk(5, 5, ("f\n",))]
    assert hunks(BASE, BASE) == []


@pytest.mark.parametrize(
    ("several", "merged"),
    [
        (["A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n"], "A\nb\nc\nd\nE\n"),
        (["a\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n"], "a\nc\nd\ne\nf\n"),
        (["a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n"], "a\nB\nC\nd\ne\n"),
        (["a\nB\nc\nd\ne\n", "a\nBB\nc\nd\ne\n"], None),
        (["a\nB\nC\nd\ne\n", "a\nb\nCC\nd\ne\n"], None),
        (["a\nx\nb\nc\nd\ne\n", "a\ny\nb\nc\nd\ne\n"], None),
    ],
)
def test_several_changes_at_once(several, merged):
    """Of different lines; two changes of one line, or two lines put in one place, are no pair."""
    assert with_all(BASE, several) == merged
    assert with_all(BASE, several[::-1]) == merged


@pytest.mark.parametrize(
    ("copy", "changed"),
    [
        ("start\na\nb\nc\nend\n", "start\na\nB\nc\nend\n"),
        ("b\nc\n", "B\nc\n"),  # next to the line below
        ("a\nb\n", "a\nB\n"),  # next to the line above
        ("a\nb\na\nb\n", None),  # twice
        ("a\nx\nc\n", None),
    ],
)
def test_the_same_change_of_a_copy(copy, changed):
    """Where the changed line is there once, beside the line that it is beside."""
    assert moved(BASE, "a\nB\nc\nd\ne\n", copy) == changed


def test_a_change_of_several_places_moves_as_a_whole_or_not_at_all():
    """Half of a mistake is another one."""
    twice = "A\nb\nc\nd\nE\n"
    assert moved(BASE, twice, "0\na\nb\nd\ne\n9\n") == "0\nA\nb\nd\nE\n9\n"
    assert moved(BASE, twice, "a\nb\nc\n") is None


@pytest.mark.parametrize(
    ("other", "share"), [(BASE, 1.0), ("a\n\nc\n", 1.0), ("a\nx\n", 0.5), ("x\ny\n", 0.0)]
)
def test_likeness(other, share):
    """The share of the shorter one's lines, without the blank ones."""
    assert likeness(BASE, other) == likeness(other, BASE) == share
