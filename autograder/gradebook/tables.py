"""Those tables and columns of nbgrader's database that are read and written here.

The same names and types as in ``nbgrader.api``, whose import takes two seconds and whose
objects cost more than all the rest of a projection; a test compares them. Columns that are
not named here stay empty in new rows, as nbgrader leaves them.
"""

from __future__ import annotations

import os

from sqlalchemy import Boolean, Column, DateTime, Float, Interval, MetaData, String, Table, Text

_KEY = String(32)
_NAME = String(128)
_ALL = MetaData()

ASSIGNMENT = Table("assignment", _ALL, Column("id", _KEY), Column("name", _NAME))
NOTEBOOK = Table("notebook", _ALL, Column("id", _KEY), Column("name", _NAME), Column("assignment_id", _KEY))
CELL = Table(
    "base_cell",
    _ALL,
    Column("id", _KEY),
    Column("name", _NAME),
    Column("notebook_id", _KEY),
    Column("type", String(50)),
)
GRADE_CELL = Table("grade_cells", _ALL, Column("id", _KEY), Column("max_score", Float()))
TASK_CELL = Table("task_cells", _ALL, Column("id", _KEY), Column("max_score", Float()))
STUDENT = Table("student", _ALL, Column("id", _NAME))
SUBMISSION = Table(
    "submitted_assignment",
    _ALL,
    Column("id", _KEY),
    Column("assignment_id", _KEY),
    Column("student_id", _NAME),
    Column("timestamp", DateTime()),
    Column("extension", Interval()),
)
SUBMITTED_NOTEBOOK = Table(
    "submitted_notebook",
    _ALL,
    Column("id", _KEY),
    Column("assignment_id", _KEY),  # of the submission
    Column("notebook_id", _KEY),
    Column("flagged", Boolean()),
    Column("late_submission_penalty", Float(0)),
)
GRADE = Table(
    "grade",
    _ALL,
    Column("id", _KEY),
    Column("notebook_id", _KEY),  # of the submitted notebook
    Column("cell_id", _KEY),
    Column("auto_score", Float()),
    Column("manual_score", Float()),
    Column("extra_credit", Float()),
    Column("needs_manual_grade", Boolean()),
)
COMMENT = Table(
    "comment",
    _ALL,
    Column("id", _KEY),
    Column("notebook_id", _KEY),  # of the submitted notebook
    Column("cell_id", _KEY),
    Column("auto_comment", Text()),
    Column("manual_comment", Text()),
)
TABLES = tuple(_ALL.tables.values())


def new_id() -> str:
    """A key such as nbgrader makes."""
    return os.urandom(16).hex()
