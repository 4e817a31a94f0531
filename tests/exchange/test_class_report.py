"""The class report on the hub, and one comment for all who share a mistake."""

import re
from dataclasses import replace

import pytest

from autograder.marks import by_hand, read_facts
from autograder.marks.exceptions import Deed
from autograder.results.audit import read_audit

from .facts import give, handed_in
from .test_pages import logged_in, word_of
from .test_record import text_of

TEXT = "Sum over the axis of the classes.\nSee <b>the lecture</b>."


@pytest.fixture
def teacher(stage):
    """A browser of the staff."""
    with logged_in(stage, "ta-1", "formgrade-course", "instructor-course") as found:
        yield found


def comments(desk):
    """What was written to each student, oldest first."""
    with desk.database.read() as connection:
        entries = by_hand.of_unit(connection, "softmax")
    return [(each.student, each.comment, each.who) for each in entries if each.kind == by_hand.COMMENT]


def test_the_report_is_of_the_marks_of_record(stage, desk, teacher):
    """Numbers, tasks and mistakes, with points by hand; only staff see it."""
    assert teacher.get("staff/softmax/report").status_code == 200  # of nobody
    give(desk, handed_in(stage, desk, 80.0), 90.0)
    handed_in(stage, desk, 80.0, student="student-002")
    handed_in(stage, desk, 100.0, student="student-003")
    page = teacher.get("staff/softmax/report")
    text = text_of(page)
    assert [re.search(rf'aria-label="{name}: (\d)', page.text)[1] for name in ("80–89", "90–100")] == [
        "1",
        "2",
    ]
    assert "softmax_forward: 1 of 3 students have all points" in page.text
    assert "3graded of 3" in text and "90mean of 100" in text and "90median" in text
    assert "axis in softmax_forward 2 students" in text and "student-001, student-002" in text
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert browser.get("staff/softmax/report").status_code == 403
        word = word_of(browser.get("units/softmax"))
        answer = browser.post("staff/softmax/report", data={"word": word, "key": "", "text": "x"})
        assert answer.status_code == 403


def test_one_comment_goes_to_all_who_share_a_mistake(stage, desk, teacher):
    """Once to each, below what was written before; they read it once comments are handed out."""
    made = handed_in(stage, desk, 80.0)
    handed_in(stage, desk, 60.0, student="student-002")
    handed_in(stage, desk, 100.0, student="student-003")
    with desk.database.write() as connection:
        said = by_hand.Entry("softmax", "student-001", made, "softmax_forward", by_hand.COMMENT)
        by_hand.add(connection, replace(said, comment="Nearly."), Deed("ta-2", "2026", "seen"))
    page = teacher.get("staff/softmax/report")
    key = re.search(r'name="key" value="(\w+)"', page.text)[1]
    form = {"word": word_of(page), "key": key, "text": TEXT}
    assert "2 students have the comment" in text_of(teacher.post("staff/softmax/report", data=form))
    assert "0 students have the comment" in text_of(teacher.post("staff/softmax/report", data=form))
    assert comments(desk) == [
        ("student-001", "Nearly.", "ta-2"),
        ("student-001", f"Nearly.\n\n{TEXT}", "ta-1"),
        ("student-002", TEXT, "ta-1"),
    ]
    with desk.database.read() as connection:
        facts = read_facts(connection, desk.course, desk.course.unit("softmax"))
    assert [mark.points for mark in facts.marks()] == [80.0, 60.0, 100.0]
    assert "2 have a comment" in text_of(teacher.get("staff/softmax/report"))
    assert read_audit(desk.course, "softmax")[0]["who"] == "ta-1"
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert "From the course staff" not in text_of(browser.get(f"attempts/{made}"))
        assert teacher.post("marking/softmax/hand-out", data=form).status_code == 200
        page = browser.get(f"attempts/{made}")
        assert "<b>the lecture" not in page.text
        assert "From the course staff: Nearly." in text_of(page) and "Sum over the axis" in page.text


def test_a_comment_that_nobody_would_get_is_refused(stage, desk, teacher):
    """No text, too much of it, or a mistake that nobody shares any more."""
    handed_in(stage, desk, 80.0)
    page = teacher.get("staff/softmax/report")
    key, word = re.search(r'name="key" value="(\w+)"', page.text)[1], word_of(page)
    for form, status in (
        ({"key": key, "text": " "}, 422),
        ({"key": "0" * 64, "text": "x"}, 409),
    ):
        assert teacher.post("staff/softmax/report", data={"word": word} | form).status_code == status
    assert comments(desk) == []
