"""nbgrader's ``autograde`` as a projection of our results.

``nbgrader_config.py`` names these classes. ``HealingExporter`` reads a submission
whatever its state, after asking ``course grade`` once for all submissions of the
run: that command regrades only what is absent or stale. ``ProjectResult`` stands in
place of ``Execute`` and ``SaveAutoGrades``: it runs nothing and writes the rows of
the stored result by the same code as ``course grade``.

An exception here makes nbgrader drop that one submission without a score and go on.
"""

from __future__ import annotations

import json
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
from ..results.disclosure import as_student, shown_at_last
from ..results.result import Result
from ..results.store import read_result
from . import notebooks
from .folders import Folders
from .projection import project

COURSE_COMMAND = [sys.executable, "-P", "-c", "from autograder.cli import main; main()"]


class HealingExporter(NotebookExporter):
    """Reads submissions into the frame of the release, and never fails on one."""

    command = List(Unicode(), COURSE_COMMAND, help="The course command, as a list of words.").tag(config=True)
    course_root = Unicode("", help="The course's folder.").tag(config=True)

    def from_file(self, file_stream: Any, resources: Any = None, **kwargs: Any) -> Any:
        """The submission or, in nbgrader's second step, the notebook that was written in the first."""
        path = Path(file_stream.name)
        where = resources["nbgrader"]
        course, unit = self._course(), where["assignment"]
        folders = Folders(course)
        if folders.submitted in path.parents:
            self._grade_once(course, unit)
        result = _graded(course, unit, where["student"])
        release = json.loads(folders.release(unit).read_text(encoding="utf-8"))
        read = notebooks.read_submitted(path, course.limits_of(course.unit(unit)).notebook_mib << 20)
        seen = as_student(result, shown_at_last(course.disclosure))
        shown = nbformat.from_dict(notebooks.present(notebooks.Frame.of(release), read, seen))
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
    """Writes the stored result of the submission at hand into the gradebook."""

    course_root = Unicode("", help="The course's folder.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Project one result; the notebook stays as the exporter made it."""
        course = load_course(Path(self.course_root))
        where = resources["nbgrader"]
        unit: Unit = course.unit(where["assignment"])
        result = _graded(course, unit.name, where["student"])
        summary = project(course, unit, [(result, nb)])
        if summary.refused:
            raise CourseError(summary.refused[0])
        logging.getLogger("traitlets").debug("%s: %s marks changed", where["student"], summary.changed)
        return nb, resources


def _graded(course: Course, unit: str, student: str) -> Result:
    """The result of a submission that has a score.

    Raises:
        CourseError: it was not graded, or is BROKEN.
    """
    result = read_result(course, unit, student)
    if result is None:
        raise CourseError(
            f"{unit}/{student} was not graded. Run 'course grade {unit} ...' and read what it says."
        )
    if result.broken or result.score is None:
        raise CourseError(
            f"{unit}/{student} is BROKEN by a fault of ours: no score is stored. See 'course report {unit}'."
        )
    return result
