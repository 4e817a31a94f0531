"""Written questions of a release, and whether a notebook answers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.notebook import Question, is_answered, read_questions, read_release, read_submission
from tests.support import markdown, small_release, solved_small, write

WHY = Question("why", 4.0)


def with_cell(content: dict, *texts: str) -> dict:
    """The notebook with these cells for the written answer."""
    asked = {"grade_id": "why", "grade": True, "solution": True, "locked": False, "points": 4}
    cells = [{**markdown(text), "metadata": {"nbgrader": asked}} for text in texts]
    return content | {"cells": [*content["cells"], *cells]}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    return write(folder, with_cell(small_release(), "*Your answer.*"), "small.ipynb")


def test_the_questions_of_a_release(released: Path, tmp_path: Path) -> None:
    """Only cells that a person marks are questions; before a build there are none."""
    assert read_questions(released) == (WHY,)
    assert read_questions(tmp_path / "nothing.ipynb") == ()


@pytest.mark.parametrize(
    ("texts", "answered"),
    [
        (("It cancels.",), True),
        (("*Your answer.*\n",), False),
        ((" \n",), False),
        ((), False),  # the cell was deleted
        (("*Your answer.*", "It cancels."), True),  # copied, and the copy was filled in
    ],
)
def test_an_answer_differs_from_what_was_given(
    released: Path, tmp_path: Path, texts: tuple[str, ...], answered: bool
) -> None:
    """The released text, no text and no cell are no answer."""
    release = read_release(released)
    submission = read_submission(write(tmp_path, with_cell(solved_small(), *texts)), release)
    assert is_answered(WHY, submission, release) is answered
