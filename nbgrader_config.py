"""Hands the values of course_config.py to nbgrader's own commands and services."""

from pathlib import Path

from autograder.course import load_course
from autograder.gradebook import configure

configure(get_config(), load_course(Path(__file__).parent))  # noqa: F821 - nbgrader provides it
