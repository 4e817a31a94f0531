"""What formgrader saves: points and comments become facts; a unit's due date is not formgrader's.

These handlers stand before nbgrader's at the same addresses. They answer as nbgrader would: with the row as
it is afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.server_extensions.formgrader import apihandlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from tornado import web

from ...base.errors import CourseError
from ...course import Course, load_course
from ...gradebook.saving import CellOf, save_comment, save_points
from ...marks import open_facts
from ...marks.database import Database
from .assignments_list import SCRIPT, AssignmentsScript

NO_DATE = (
    "The due date of {unit} stands in course_config.py. Change it there for everybody, or give single "
    "students another date with 'course extend {unit} STUDENT --days 2'; it takes effect everywhere."
)


class WithFacts:
    """What our handlers share."""

    current_user: Any
    gradebook: Any
    log: Any

    @contextmanager
    def facts(self) -> Iterator[tuple[Course, Database]]:
        """The course as its file says now, and its facts.

        Raises:
            tornado.web.HTTPError: something cannot be saved or projected; the text says why, and what to do.
        """
        try:
            course = load_course(self.course_root)
            with open_facts(course) as database:
                yield course, database
        except CourseError as error:
            self.log.warning("formgrader: %s", error)
            raise web.HTTPError(409, str(error)) from error

    def initialize(self, course_root: Path) -> None:
        """Take where the course is."""
        self.course_root = course_root

    @property
    def who(self) -> str:
        """The person who saves, as the hub knows them."""
        return str(self.current_user.username)

    def found(self, find: Callable[[str], Any], key: str) -> Any:
        """A row of nbgrader's, as it is now.

        Raises:
            tornado.web.HTTPError: there is none.
        """
        self.gradebook.db.rollback()  # or what was read before would be shown again
        try:
            return find(key)
        except MissingEntry as error:
            raise web.HTTPError(404) from error

    @staticmethod
    def place(row: Any) -> CellOf:
        """Whose cell a row belongs to."""
        return CellOf(row.assignment.name, row.student.id, row.name)


class SavedGrade(WithFacts, apihandlers.GradeHandler):
    """Points and extra credit of a cell."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def put(self, grade_id: str) -> None:
        """Save them as a fact."""
        said = self.get_json_body() or {}
        at = self.place(self.found(self.gradebook.find_grade_by_id, grade_id))
        with self.facts() as (course, database):
            save_points(course, database, at, said.get("manual_score"), said.get("extra_credit"), self.who)
        self.write(json.dumps(self.found(self.gradebook.find_grade_by_id, grade_id).to_dict()))


class SavedComment(WithFacts, apihandlers.CommentHandler):
    """A comment at a cell."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def put(self, grade_id: str) -> None:
        """Save it as a fact."""
        said = self.get_json_body() or {}
        at = self.place(self.found(self.gradebook.find_comment_by_id, grade_id))
        with self.facts() as (course, database):
            save_comment(course, database, at, said.get("manual_comment"), self.who)
        self.write(json.dumps(self.found(self.gradebook.find_comment_by_id, grade_id).to_dict()))


class DatedAssignment(WithFacts, apihandlers.AssignmentHandler):
    """A unit, whose due date is not to be set here."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def put(self, assignment_id: str) -> None:
        """Say where the date is set; what is no unit of the course stays nbgrader's."""
        name = assignment_id.strip()
        if name not in {unit.name for unit in load_course(self.course_root).units}:
            super().put(assignment_id)
            return
        self.set_status(409)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"success": False, "error": NO_DATE.format(unit=name)}))


def saving_handlers(course_root: Path) -> list[tuple[Any, ...]]:
    """Addresses below the service's own."""
    where = {"course_root": course_root}
    return [
        (r"/formgrader/api/grade/([^/]+)", SavedGrade, where),
        (r"/formgrader/api/comment/([^/]+)", SavedComment, where),
        (r"/formgrader/api/assignment/([^/]+)", DatedAssignment, where),
        (rf"/formgrader/static/js/{SCRIPT}", AssignmentsScript, {"sentence": NO_DATE}),
    ]
