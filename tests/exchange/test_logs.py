"""What the exchange writes names no student, whatever goes wrong for one."""

import sqlite3

from autograder.judge.secret import course_secret
from autograder.marks.pseudonyms import pseudonym
from autograder.marks.roster import Member, add, roster_file

from .stage import Service, files, notebook, release, settle
from .test_pages import logged_in


def test_the_log_of_a_service_has_pseudonyms(course, hub):
    """A fault in the midst of a page about a student is told with its address and its traceback."""
    add(roster_file(course), [Member("student-001", "student")])
    service = Service(course, hub)
    service.start()
    try:
        release(service.stage)
        student = service.stage.student()
        body = files(softmax_ipynb=notebook(course))
        settle(student, student.post("api/units/softmax/attempts", json=body).json()["id"])
        with sqlite3.connect(course.data_folder / "exchange" / "exchange.db") as database:
            database.execute("UPDATE results SET summary = '{'")
        with logged_in(service.stage, "ta-1", "formgrade-course") as teacher:
            assert teacher.get("students/student-001").status_code == 500
    finally:
        service.stop()
    text = (course.data_folder / "service.log").read_text()
    called = pseudonym(course_secret(course), "student-001")
    assert f"GET /services/exchange/students/{called}" in text and "Traceback" in text
    assert "student-001" not in text
