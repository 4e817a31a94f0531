"""Formgrader shows the mark of record: its lists the number, the page of a submission how it came about.

nbgrader's scores are those before lateness; what that takes stands beside them, and only its export looks
there. Here it is taken off wherever formgrader tells an overall score. The scores of code and of written
answers stay as they were earned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader import base, handlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from sqlalchemy import func
from tornado import web

from ...gradebook import mark_of_row
from ...pages.render import number
from .saving import WithFacts

Found = dict[str, Any]
SCRIPT = "formgrade.js"  # nbgrader's, of the page of a submission
TELL = """
(function () {
    var tell = function () {
        var word = {"X-CSRFToken": getCookie("_xsrf")};  // which the hub asks for
        $.ajax({url: base_url + "/api/mark/" + submission_id, headers: word}).done(function (told) {
            var line = $("#mark-of-record");
            if (!line.length) {
                line = $("<p/>", {id: "mark-of-record", role: "status"});
                line.css({position: "sticky", top: "52px", zIndex: 9, background: "#fff", padding: "8px 0"});
                $("#notebook-container").prepend(line);
            }
            line.empty().append($("<strong/>").text(told.mark), $("<span/>").text(told.how));
        });
    };
    window.addEventListener("load", tell);  // jQuery would skip it where MathJax is out of reach
    $(document).ajaxSuccess(function (event, answer, asked) {
        if (asked.type === "PUT") { tell(); }
    });
})();
"""


class MarkedApi(NbGraderAPI):
    """What nbgrader's handlers ask for, with marks as overall scores."""

    def get_autograded_students(self, assignment_id: str) -> set[str]:
        """Also those whose attempt was never collected: on the hub it is graded without that."""
        found: set[str] = super().get_autograded_students(assignment_id)
        with self.gradebook as gradebook:
            query = gradebook.db.query(SubmittedAssignment.student_id).join(Assignment)
            rows = {row.student_id for row in query.filter(Assignment.name == assignment_id)}
        return found | (rows - self.get_submitted_students(assignment_id))

    def get_assignment(self, assignment_id: str, released: Any = None) -> Any:
        """An assignment, with the mean of the marks."""
        found = super().get_assignment(assignment_id, released)
        return found and self._less_on_average(found, assignment_id)

    def get_notebooks(self, assignment_id: str) -> Any:
        """The notebooks of an assignment, likewise; a unit has one."""
        return [self._less_on_average(found, assignment_id) for found in super().get_notebooks(assignment_id)]

    def get_submission(self, assignment_id: str, student_id: str, *more: Any, **named: Any) -> Any:
        """What a student has at an assignment."""
        found = super().get_submission(assignment_id, student_id, *more, **named)
        return found and (self._less(found, self._late(assignment_id, student_id)) if found["id"] else found)

    def get_submissions(self, assignment_id: str) -> Any:
        """What all students have at an assignment; of those that are not graded the score is 0."""
        late = self._late_by_student(assignment_id)
        found = super().get_submissions(assignment_id)
        return [self._less(each, late.get(each["student"], 0.0)) if each["id"] else each for each in found]

    def get_notebook_submissions(self, assignment_id: str, notebook_id: str) -> Any:
        """The same, for the list of what is to be marked."""
        late = self._late_by_student(assignment_id)
        found = super().get_notebook_submissions(assignment_id, notebook_id)
        return [self._less(each, late.get(each["student"], 0.0)) for each in found]

    def get_student_notebook_submissions(self, student_id: str, assignment_id: str) -> Any:
        """The notebooks of one student."""
        late = self._late(assignment_id, student_id)
        found = super().get_student_notebook_submissions(student_id, assignment_id)
        return [self._less(each, late) if each["id"] else each for each in found]

    def get_student(self, student_id: str, submitted: Any = None) -> Any:
        """One student, with the sum of the marks."""
        found = super().get_student(student_id, submitted)
        return found and self._less(found, self._late_by_student().get(student_id, 0.0))

    def get_students(self) -> Any:
        """All students, likewise."""
        late = self._late_by_student()
        return [self._less(each, late.get(each["id"], 0.0)) for each in super().get_students()]

    def _late_by_student(self, assignment: str | None = None) -> dict[str, float]:
        """What being late takes from each student, at one assignment or at all."""
        with self.gradebook as gradebook:
            return _penalties(gradebook, assignment)

    def _late(self, assignment: str, student: str) -> float:
        return self._late_by_student(assignment).get(student, 0.0)

    def _less_on_average(self, found: Found, assignment: str) -> Found:
        with self.gradebook as gradebook:
            late = sum(_penalties(gradebook, assignment).values())
            count = late and gradebook.find_assignment(assignment).num_submissions
        return self._less(found, late / count if count else 0.0, "average_score")

    @staticmethod
    def _less(found: Found, late: float, name: str = "score") -> Found:
        return {**found, name: round(found[name] - late, 6)} if late else found


def _penalties(gradebook: Gradebook, assignment: str | None) -> dict[str, float]:
    total = func.sum(func.coalesce(SubmittedNotebook.late_submission_penalty, 0.0))
    query = gradebook.db.query(SubmittedAssignment.student_id, total).select_from(SubmittedNotebook)
    query = query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
    if assignment is not None:
        query = query.join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        query = query.filter(Assignment.name == assignment)
    return dict(query.group_by(SubmittedAssignment.student_id).all())


class MarkOfRecord(WithFacts, base.BaseApiHandler):
    """The mark of the student whose submission is looked at, in words."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    def get(self, submission: str) -> None:
        """As the student reads it."""
        row = self.found(self.gradebook.find_submission_notebook_by_id, submission)
        unit, student = row.assignment.assignment.name, row.student.id
        with self.facts() as (course, database), database.read() as connection:
            mark = mark_of_row(connection, course, course.unit(unit), student)
        counting = mark.counting if mark is not None else None
        if mark is None or counting is None:
            self.write({"mark": "No mark yet", "how": ""})
            return
        points = f"{number(mark.points)} of {number(counting.out_of)}"
        if counting.on_top:
            core = f"{number((mark.points or 0.0) - counting.on_top)} of {number(counting.out_of)}"
            points = f"{number(mark.points)} points: {core}, and {number(counting.on_top)} bonus on top"
        self.write({"mark": f"Mark: {points}", "how": f" ({mark.how_for_staff})"})


class SubmissionScript(handlers.BaseHandler):
    """nbgrader's script of the page of a submission, which then tells the mark, also after each saving."""

    @web.authenticated
    def get(self) -> None:
        """The script, and ours behind it."""
        script = (Path(handlers.static_path) / "js" / SCRIPT).read_text(encoding="utf-8")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(script + TELL)


def marked_handlers(course_root: Path) -> list[tuple[Any, ...]]:
    """Addresses below the service's own; nbgrader's own handlers ask for marks from now on."""
    base.NbGraderAPI = MarkedApi
    return [
        (r"/formgrader/api/mark/([^/]+)", MarkOfRecord, {"course_root": course_root}),
        (rf"/formgrader/static/js/{SCRIPT}", SubmissionScript),
    ]
