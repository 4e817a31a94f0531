"""Where nbgrader keeps its files: inside the course's data folder, in nbgrader's own layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..course import Course
from ..results.store import safe_name


@dataclass(frozen=True)
class Folders:
    """nbgrader's course folder ``data/nbgrader`` and what lies in it."""

    course: Course

    @cached_property
    def root(self) -> Path:
        """nbgrader's ``CourseDirectory.root``."""
        return self.course.data_folder / "nbgrader"

    @property
    def database(self) -> str:
        """The gradebook as an SQLAlchemy URL; SQLite in the data folder unless the course names one."""
        return self.course.gradebook or f"sqlite:///{self.database_file}"

    @property
    def database_file(self) -> Path:
        """The gradebook where the course names no other."""
        return self.course.data_folder / "gradebook.db"

    @property
    def submitted(self) -> Path:
        """Submissions as ``<student>/<unit>/<unit>.ipynb``."""
        return self.root / "submitted"

    def source(self, unit: str) -> Path:
        """nbgrader's source version, written by ``course build``."""
        return self.root / "source" / unit / f"{unit}.ipynb"

    def release(self, unit: str) -> Path:
        """nbgrader's release version: the source with checksums, as the gradebook knows it."""
        return self.root / "release" / unit / f"{unit}.ipynb"

    def autograded(self, unit: str, student: str) -> Path:
        """The notebook that formgrader shows."""
        return self.root / "autograded" / safe_name(student) / unit / f"{unit}.ipynb"

    def timestamp(self, unit: str, student: str) -> Path:
        """nbgrader's record of when the notebook was handed in."""
        return self.autograded(unit, student).with_name("timestamp.txt")
