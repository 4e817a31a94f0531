"""Late days: spent by the student on the page or by staff, each a day more, until the late period ends."""

import re
from datetime import timedelta

import pytest

from autograder.marks.exceptions import LATE_DAY

from .facts import WHY, ago, configure, due_of, extend, handed_in
from .test_pages import logged_in, word_of
from .test_record import text_of


@pytest.fixture
def desk(desk):
    """Two late days over all units; the date was two hours ago."""
    configure(desk, due=ago(desk, hours=2), course="late_days=2")
    return desk


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


def agreed(page):
    """What the form of the page carries."""
    until = re.search(r'name="until" value="([^"]+)"', page.text)[1]
    return {"word": word_of(page), "until": until}


def test_a_student_spends_a_late_day(stage, desk, browser):
    """The page says what it would mean before anything is spent; afterwards a late attempt is in time."""
    made = handed_in(stage, desk, 80.0)
    due = due_of(stage.student().get("api/units").json()[0])
    assert "2 of 2 left, over all units" in text_of(browser.get("units/softmax"))
    page = browser.get("units/softmax/late-day")
    then = due + timedelta(days=1)
    assert f"{then.day} {then:%B %Y, %H:%M}" in text_of(page)
    assert "1 of 2, over all units" in text_of(page)
    assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 72.0  # nothing is spent yet
    after = browser.post("units/softmax/late-day", data=agreed(page))
    assert "1 of 2 left, over all units. 1 spent on this unit" in text_of(after)
    assert "80 of 100" in text_of(after)
    assert "on time by 1 late day" in text_of(after)
    assert due_of(stage.student().get("api/units").json()[0]) == then


def test_a_second_click_spends_nothing(stage, desk, browser):
    """The same form sent twice is one day; one that shows another date than there is now spends none."""
    form = agreed(browser.get("units/softmax/late-day"))
    for _ in range(2):
        assert browser.post("units/softmax/late-day", data=form).status_code == 200
    assert "1 of 2 left" in text_of(browser.get("units/softmax"))
    stale = form | {"until": "2030-01-01T00:00:00+00:00"}
    answer = browser.post("units/softmax/late-day", data=stale)
    assert (answer.status_code, "Look again" in answer.text) == (409, True)
    assert "1 of 2 left" in text_of(browser.get("units/softmax"))


def test_the_budget_is_over_all_units(stage, desk, browser):
    """Days of other units count; without one left, page and JSON say so."""
    extend(desk, LATE_DAY, "1", unit="relu")
    student = stage.student()
    first = student.post("api/units/softmax/late-day").json()
    assert first["late_days"] == {"budget": 2, "left": 0, "spent_here": 1, "until": None}
    answer = student.post("api/units/softmax/late-day")
    assert (answer.status_code, "2 of 2 are spent" in answer.json()["error"]) == (409, True)
    assert "No late day is left" in text_of(browser.get("units/softmax"))
    assert "0 of 2 late days left, over all units." in text_of(browser.get(""))
    other = stage.student("student-002").get("api/units/softmax/attempts").json()
    assert other["record"]["late_days"]["left"] == 2


def test_none_can_be_spent_when_the_late_period_is_over(stage, desk, browser):
    """Five days after the date; before that also by somebody who has handed in nothing yet."""
    assert stage.student("student-002").post("api/units/softmax/late-day").is_success
    configure(desk, due=ago(desk, days=5, minutes=1))
    answer = stage.student().post("api/units/softmax/late-day")
    assert (answer.status_code, "late period of this unit is over" in answer.json()["error"]) == (409, True)
    assert "no late day can be spent any more" in text_of(browser.get("units/softmax"))


def test_staff_spend_one_for_a_student_and_take_it_back(stage, desk, browser):
    """With a reason that only staff see; two clicks are one day; taken back it is the student's again."""
    made = handed_in(stage, desk, 80.0)
    with logged_in(stage, "ta-1", "formgrade-course", "instructor-course") as teacher:
        page = teacher.get("staff/softmax")
        after = re.search(r'name="after" value="(\d+)"', page.text)[1]
        form = {"word": word_of(page), "after": after, "student": "student-001", "why": WHY + "\0"}
        for _ in range(2):
            page = teacher.post("staff/softmax/late-day", data=form)
        assert WHY + "\\u0000" in text_of(page)  # which PostgreSQL would not hold
        assert "1 of 2 late days left" in text_of(page)
        assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 80.0
        assert WHY not in browser.get("units/softmax").text
        assert "1 of 2 left" in text_of(browser.get("units/softmax"))
        back = {"word": word_of(page), "back": re.search(r'name="back" value="(\d+)"', page.text)[1]}
        page = teacher.post("staff/softmax/take-back", data=back)
        assert "Take back" not in page.text
        assert teacher.post("staff/softmax/take-back", data=back).status_code == 404
    assert "2 of 2 left" in text_of(browser.get("units/softmax"))
    assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 72.0


def test_nobody_spends_another_s_late_day(stage, desk, browser):
    """Neither by the JSON interface nor by the staff's form; a name that is none is refused."""
    assert (
        stage.student("student-002").post("api/units/softmax/late-day?student=student-001").status_code == 403
    )
    word = word_of(browser.get("units/softmax"))
    form = {"word": word, "student": "student-001"}
    assert browser.post("staff/softmax/late-day", data=form).status_code == 403
    assert "2 of 2 left" in text_of(browser.get("units/softmax"))
    assert (
        stage.instructor().post("api/units/softmax/late-day", params={"student": "a\nb"}).status_code == 422
    )


def test_without_late_days_nothing_is_offered(stage, desk, browser):
    """A course that has none shows none."""
    config = desk.course.root / "course_config.py"
    config.write_text(config.read_text().replace("late_days=2, ", ""))
    desk.living.now(at_once=True)
    assert "ate day" not in text_of(browser.get("units/softmax"))
    assert browser.get("units/softmax/late-day").status_code == 404
    assert stage.student().post("api/units/softmax/late-day").status_code == 409
