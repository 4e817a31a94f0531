"""Marks as nbgrader's own API tells them: with manual marks, extra credit and late penalty."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.course import Course
from autograder.gradebook.database import gradebook_exists, open_gradebook, quiet


@dataclass(frozen=True)
class Booked:
    """The mark of one student in one unit."""

    student: str  # as in the gradebook: the safe name
    score: float  # before the late penalty
    max_score: float
    penalty: float
    waiting: bool  # a person still has to mark something

    @property
    def final(self) -> float:
        """What counts."""
        return round(self.score - self.penalty, 6)


def read_booked(course: Course, unit: str) -> dict[str, Booked]:
    """Marks by (safe) student name; empty where there is no gradebook yet.

    Submissions of which nothing was marked, by us or by a person, have no mark.
    """
    if not gradebook_exists(course):
        return {}
    with quiet(), open_gradebook(course) as gradebook:
        from nbgrader import api
        from sqlalchemy import exists, or_, select
        from sqlalchemy.orm import undefer

        wanted = ("score", "max_score", "needs_manual_grade")
        marked = exists().where(
            api.Grade.notebook_id == api.SubmittedNotebook.id,
            or_(api.Grade.auto_score.is_not(None), api.Grade.manual_score.is_not(None)),
        )
        rows = gradebook.db.execute(
            select(api.SubmittedNotebook, api.SubmittedAssignment.student_id)
            .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
            .where(api.Assignment.name == unit, marked)
            .options(*(undefer(getattr(api.SubmittedNotebook, name)) for name in wanted))
        )
        return {student: _mark(student, notebook) for notebook, student in rows}


def _mark(student: str, notebook: object) -> Booked:
    values = vars(notebook)
    return Booked(
        student=student,
        score=float(values["score"]),
        max_score=float(values["max_score"]),
        penalty=float(values["late_submission_penalty"] or 0.0),
        waiting=bool(values["needs_manual_grade"]),
    )
