"""Formgrader's buttons that reach the whole class: for whoever has the right on the exchange's pages, too.

Formgrader asks the exchange in its own name, so that it is here that the person is looked at: by the
roster, as it is now.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.server_extensions.formgrader import apihandlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from tornado import web

from ...base.errors import CourseError
from ...course import load_course
from ...exchange.service.refusals import Refused
from ...exchange.service.rights import HAND_OUT, RELEASE, demand, rights_of
from ...marks.roster import read_roster, roster_file


class ByRight(apihandlers.BaseApiHandler):
    """A button of nbgrader's, with a look at who presses it before."""

    def initialize(self, course_root: Path, right: str, button: type[Any]) -> None:
        """Take where the course is, the right that is asked for, and who does it then."""
        self.course_root, self.right, self.button = course_root, right, button

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def post(self, *words: str) -> None:
        """Do it, or say who can."""
        try:
            why = self._refusal()
        except CourseError as error:
            why = str(error)
        if not why:
            self.button.post(self, *words)
            return
        self.set_status(403)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"success": False, "log": "", "error": why}))

    def _refusal(self) -> str:
        course = load_course(self.course_root)
        member = read_roster(roster_file(course)).find(str(self.current_user.username))
        staff = member is not None and member.is_staff
        rights = rights_of(course, staff, member is not None and member.role == "instructor")
        try:
            demand(course, rights, self.right)
        except Refused as error:
            return str(error)
        return ""


def right_handlers(course_root: Path) -> list[tuple[Any, ...]]:
    """Addresses below the service's own, which stand before nbgrader's."""
    buttons = {
        r"/formgrader/api/assignment/([^/]+)/release": (RELEASE, apihandlers.ReleaseHandler),
        r"/formgrader/api/assignment/([^/]+)/unrelease": (RELEASE, apihandlers.UnReleaseHandler),
        r"/formgrader/api/assignment/([^/]+)/release_feedback": (
            HAND_OUT,
            apihandlers.ReleaseAllFeedbackHandler,
        ),
        r"/formgrader/api/assignment/([^/]+)/([^/]+)/release_feedback": (
            HAND_OUT,
            apihandlers.ReleaseFeedbackHandler,
        ),
    }
    return [
        (path, ByRight, {"course_root": course_root, "right": right, "button": button})
        for path, (right, button) in buttons.items()
    ]
