"""The tables that are written beside nbgrader are nbgrader's."""

import subprocess
import sys

import pytest

from autograder.gradebook.database import quiet
from autograder.gradebook.tables import TABLES

from .conftest import submission

PROJECT = """
import sys
from pathlib import Path

from autograder.course import load_course
from tests.gradebook.conftest import booked, result

course = load_course(Path(sys.argv[1]))
assert booked(course, result("student-001"), Path(sys.argv[2])).written == 1
assert "nbgrader" not in sys.modules
"""


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_columns_are_those_of_nbgrader(table):
    """Every column has nbgrader's name and type, and none that must be filled is missing."""
    with quiet():
        from nbgrader.api import Base
    theirs = Base.metadata.tables[table.name].columns
    for column in table.columns:
        assert repr(column.type) == repr(theirs[column.name].type)
    if table.name not in {"assignment", "notebook", "base_cell", "grade_cells", "task_cells"}:  # only read
        assert {column.name for column in theirs if not column.nullable} <= set(table.columns.keys())


def test_a_gradebook_that_was_made_is_written_without_nbgrader(course):
    """The import of nbgrader takes longer than the grading of a small class."""
    path = submission(course, "student-001")
    done = subprocess.run(
        [sys.executable, "-c", PROJECT, course.root, path], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
