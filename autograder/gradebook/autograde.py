"""nbgrader's ``autograde`` as a projection of the marks.

``nbgrader_config.py`` names these classes. ``HealingExporter`` reads a submission
whatever its state, after asking ``course grade`` once for all submissions of the
run: that command regrades only what is absent or stale. ``ProjectResult`` stands in
place of ``Execute`` and ``SaveAutoGrades``: it runs nothing and writes the rows of
the mark by the same code as ``course grade``.

An exception here makes nbgrader drop that one submission without a score and go on.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List, Unicode

from ..base.errors import CourseError
from ..course import Course, Unit, load_course
from ..marks import open_facts
from ..marks.database import Database
from .counted import Counted, read_counted, student_of
from .folders import Folders
from .projection import project
from .shown import NotebookPages

COURSE_COMMAND = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]


class HealingExporter(NotebookExporter):
    """Reads submissions into the frame of the release, and never fails on one."""

    command = List(Unicode(), COURSE_COMMAND, help="The course command, as a list of words.").tag(config=True)
    course_root = Unicode("", help="The course's folder.").tag(config=True)

    def from_file(self, file_stream: Any, resources: Any = None, **kwargs: Any) -> Any:
        """The attempt that counts, also in nbgrader's second step, which reads what the first wrote."""
        path = Path(file_stream.name)
        where = resources["nbgrader"]
        course = self._course()
        unit, folders = course.unit(where["assignment"]), Folders(course)
        if folders.submitted in path.parents:
            self._grade_once(course, unit.name)
        with open_facts(course) as database:
            counted = _graded(course, database, unit, where["student"])
        shown = nbformat.from_dict(NotebookPages.of(course, unit).present(counted, otherwise=path))
        return self.from_notebook_node(shown, resources=resources, **kwargs)

    def _course(self) -> Course:
        return load_course(Path(self.course_root))

    def _grade_once(self, course: Course, unit: str) -> None:
        """``course grade`` for all submissions of this run; an exporter lives for one run."""
        if unit in self.__dict__.setdefault("_asked", set()):
            return
        self.__dict__["_asked"].add(unit)
        for words in self._submissions(course, unit):
            done = subprocess.run(
                [*self.command, "grade", unit, *words, "--json"],
                cwd=course.root,
                capture_output=True,
                text=True,
            )
            if done.returncode not in (0, 1):  # 1: some submission is BROKEN, which is noticed below
                raise CourseError(f"'course grade {unit}' failed: {done.stderr.strip()[-2000:]}")

    def _submissions(self, course: Course, unit: str) -> list[list[str]]:
        folders = Folders(course)
        student = getattr(getattr(self.parent, "coursedir", None), "student_id", "*")
        one = folders.submitted / student / unit / f"{unit}.ipynb"
        return [[str(one), "--student", student]] if one.exists() else [[str(folders.submitted)]]


class ProjectResult(NbGraderPreprocessor):
    """Writes the mark of the student at hand into the gradebook."""

    course_root = Unicode("", help="The course's folder.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Project one mark; the notebook stays as the exporter made it."""
        course = load_course(Path(self.course_root))
        where = resources["nbgrader"]
        unit: Unit = course.unit(where["assignment"])
        with open_facts(course) as database:
            student = _graded(course, database, unit, where["student"]).mark.student
            summary = project(course, database, unit, [student])
        if summary.refused:
            raise CourseError(summary.refused[0])
        logging.getLogger("traitlets").debug("%s: %s marks changed", where["student"], summary.changed)
        return nb, resources


def _graded(course: Course, database: Database, unit: Unit, name: str) -> Counted:
    """The mark of a student, by the name that nbgrader knows.

    Raises:
        CourseError: nothing was graded, or all of it is BROKEN.
    """
    with database.read() as connection:
        student = student_of(connection, unit.name, name) or name
        counted = read_counted(connection, course, unit, [student]).get(student)
    if counted is None:
        raise CourseError(
            f"{unit.name}/{name} was not graded. Run 'course grade {unit.name} ...' and read what it says."
        )
    if counted.mark.counting is None:
        raise CourseError(
            f"{unit.name}/{name} is BROKEN by a fault of ours: no score is stored. "
            f"See 'course report {unit.name}'."
        )
    return counted
