"""Who of the staff may do what: one table for the pages, and the sentences that refuse."""

import re

import pytest

from autograder.base.errors import ConfigError
from autograder.course import RIGHTS, load_course
from autograder.exchange.routes import managing_pages, marking_pages, request_pages, staff_pages
from autograder.exchange.store import releases
from autograder.marks import exceptions
from autograder.marks.roster import Member, add, roster_file

from .facts import configure, handed_in
from .test_pages import logged_in, word_of
from .test_record import text_of

# Of all forms of staff the one right that each asks for; "": any of the staff may.
FORMS = {
    "/staff/{unit}/requeue": "",
    "/staff/{unit}/late-day": "extend",
    "/staff/{unit}/take-back": "extend",
    "/staff/{unit}/extend": "extend",
    "/staff/{unit}/report": "",
    "/staff/{unit}/release": "release",
    "/staff/{unit}/preview": "regrade",
    "/staff/{unit}/regrade": "regrade",
    "/staff/{unit}/export": "export",
    "/marking/{unit}/hand-out": "hand-out",
    "/marking/{unit}/{question}/items": "",
    "/marking/{unit}/{question}/{attempt}": "",
    "/marking/{unit}/{question}/{attempt}/hold": "",
    "/marking/requests/{number}": "",
}
REFUSED = re.compile(r"Only instructors may ([^.]+)\. Nothing was changed\. Ask one of them: teacher-1\.")


@pytest.fixture
def assistant(stage, desk):
    """A browser of an assistant; the roster knows who else there is."""
    people = (Member("ta-1", "ta"), Member("teacher-1", "instructor"), Member("student-001", "student"))
    add(roster_file(desk.course), people)
    with logged_in(stage, "ta-1", "formgrade-course") as found:
        yield found


def asked(browser, path, word):
    """What sending a form with the right word is answered, refused by its right or not."""
    answer = browser.post(
        path.lstrip("/").format(unit="softmax", question="x", attempt="0" * 32, number=1), data={"word": word}
    )
    return REFUSED.search(text_of(answer)) is not None and answer.status_code == 403


def test_the_table_names_every_form():
    """A form that nobody has thought about fails this test."""
    parts = (staff_pages, managing_pages, marking_pages, request_pages)
    routed = {route.path for part in parts for route in part.ROUTES.routes if "POST" in route.methods}
    assert routed == set(FORMS)


def test_assistants_are_told_who_may(stage, desk, assistant):
    """What reaches the class at once, moves a date or takes marks away is refused, and nothing is changed."""
    handed_in(stage, desk, 80.0)
    word = word_of(assistant.get("staff/softmax"))
    refused = {path: asked(assistant, path, word) for path in FORMS}
    assert refused == {path: bool(right) for path, right in FORMS.items()}
    page = assistant.get("staff/softmax/extend")
    assert page.status_code == 403 and REFUSED.search(text_of(page))
    assert "Back to all submissions" in page.text and "Marking" in page.text  # they are still logged in
    with desk.database.read() as connection:
        assert exceptions.of_unit(connection, "softmax") == []
        assert releases.find(connection, "softmax") is not None
    answer = stage.staff().delete("api/units/softmax/release")
    assert answer.status_code == 403 and REFUSED.search(answer.json()["error"])


def test_instructors_are_refused_none_of_it(stage, desk, assistant):
    """Whatever else is wrong with what they send."""
    with logged_in(stage, "teacher-1", "formgrade-course", "instructor-course") as teacher:
        word = word_of(teacher.get("staff/softmax"))
        assert not any(asked(teacher, path, word) for path in FORMS)


def test_assistants_see_no_button_that_is_refused(stage, desk, assistant):
    """The pages say who has them instead."""
    configure(desk, course="late_days=2")
    handed_in(stage, desk, 80.0)
    for path in ("staff/softmax", "staff/softmax/manage", "students/student-001", "marking"):
        page = assistant.get(path)
        assert page.status_code == 200
        for form, right in FORMS.items():
            assert not right or f"/softmax/{form.rpartition('/')[2]}" not in page.text, (path, form)
    assert "softmax/collect" in assistant.get("staff/softmax/manage").text
    assert "for instructors. Ask one of them: teacher-1." in text_of(assistant.get("staff/softmax"))


@pytest.mark.parametrize("right", RIGHTS)
def test_a_course_may_give_a_right_to_assistants(stage, desk, assistant, right):
    """One of them, and no other; at once."""
    configure(desk, course=f"assistants_may=({right!r},)")
    word = word_of(assistant.get("staff/softmax"))
    refused = {path: asked(assistant, path, word) for path in FORMS}
    assert refused == {path: wanted not in ("", right) for path, wanted in FORMS.items()}


def test_a_right_that_there_is_not_is_refused(desk):
    """With the nearest one, when the course is loaded; a running exchange keeps the course of before."""
    config = desk.course.root / "course_config.py"
    config.write_text(config.read_text().replace("Course(", 'Course(assistants_may=("extends",), ', 1))
    with pytest.raises(ConfigError, match="assistants_may has 'extends': did you mean extend"):
        load_course(desk.course.root)
