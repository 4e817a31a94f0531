"""Formgrader's numbers are the marks of record."""

from tests.gradebook.conftest import booked, built, course, mark_of, result  # noqa: F401 - two are fixtures
from tests.hub.test_saving import formgrader  # noqa: F401 - a fixture


def test_formgrader_shows_the_mark_of_record(formgrader, course):  # noqa: F811
    """Lists, sums and means are less what being late takes; a submission's page says how it came about."""
    booked(course, result("student-002", submitted="2027-01-18T11:00+00:00"))
    on_time, late = mark_of(course), mark_of(course, "student-002")
    assert (on_time.points, late.points, late.out_of) == (60.0, 90.0, 110.0)

    def scores(path, name="score"):
        answer = formgrader.get(f"/formgrader/api/{path}").json()
        return [each[name] for each in answer] if isinstance(answer, list) else answer[name]

    assert scores("submissions/relu") == scores("students") == [60.0, 90.0]
    assert sorted(scores("submitted_notebooks/relu/relu")) == [60.0, 90.0]
    assert scores("student_submissions/student-002") == [90.0]
    assert scores("student_notebook_submissions/student-002/relu") == [90.0]
    assert scores("submission/relu/student-002") == scores("student/student-002") == 90.0
    assert scores("submission/relu/student-001") == scores("student/student-001") == 60.0
    assert scores("assignment/relu", "average_score") == 75.0
    assert scores("assignments", "average_score") == scores("notebooks/relu", "average_score") == [75.0]

    rows = formgrader.get("/formgrader/api/submitted_notebooks/relu/relu").json()
    (row,) = (each["id"] for each in rows if each["student"] == "student-002")
    told = formgrader.get(f"/formgrader/api/mark/{row}").json()
    assert told == {"mark": "Mark: 90 of 110", "how": f" ({late.how})"}
    assert "minus 10 %" in late.how
    assert formgrader.get("/formgrader/api/mark/none").status_code == 404
    script = formgrader.get("/formgrader/static/js/formgrade.js").text
    assert script.startswith("function FormGrader") and "mark-of-record" in script
