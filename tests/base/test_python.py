"""Which Python is newer, told from what a notebook says of itself."""

import sys

import pytest

from autograder.base.python import HERE, is_newer, newer_note, short


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("3.13.1", "3.13"),
        ("3.9", "3.9"),
        ("3.14.0rc2", "3.14"),
        ("3.11.7+", "3.11"),
        ("3", ""),
        ("three", ""),
        ("3.13.1\n", ""),
        ("9" * 50 + ".1", ""),
        ("", ""),
        (None, ""),
        (3.13, ""),
    ],
)
def test_a_version_is_its_first_two_numbers(version, expected):
    """What is no version is none: it comes from the student's file."""
    assert short(version) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("3.13.1", "3.11", True), ("3.9.2", "3.11", False), ("3.11.9", "3.11", False), ("?", "3.11", False)],
)
def test_versions_are_compared_as_numbers(left, right, expected):
    """3.9 is older than 3.11, and the last number does not count."""
    assert is_newer(left, right) is expected


def test_the_note_names_both_versions():
    """And there is none where the notebook is as old, or says nothing."""
    assert newer_note("3.13.1", "3.11") == (
        "The notebook was saved with Python 3.13, and grading runs Python 3.11, which may be why."
    )
    assert newer_note("3.10.0", "3.11") == newer_note("", "3.11") == ""
    assert "{}.{}".format(*sys.version_info) == HERE
