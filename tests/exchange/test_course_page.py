"""The page of the course: every unit in order, what is new since the last look, the way to the notebook."""

import re
from datetime import timedelta

import pytest

from autograder.course import CONFIG_NAME
from autograder.exchange.store.desk import stamp
from autograder.exchange.store.tables import FEEDBACK
from autograder.marks import by_hand, exceptions, handed_out, requests
from autograder.marks.by_hand import COMMENT, Entry
from autograder.marks.exceptions import DAYS, LATE_DAY, Deed
from autograder.marks.requests import LookAgain

from .facts import ago, configure, extend, give, handed_in
from .test_pages import logged_in


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


def news_of(page):
    """What the page says is new, as text."""
    found = re.findall(r'<span class="tag good">new</span>(.*?)</(?:li|p)>', page.text, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", each).split()) for each in found]


def test_what_is_new_is_told_until_it_was_seen(stage, desk, browser):
    """Release, date and marks until the unit's page was seen; a person's words until the attempt's was."""
    assert news_of(browser.get("")) == ["released"]
    browser.get("units/softmax")
    assert news_of(browser.get("")) == []
    attempt = handed_in(stage, desk, 40.0)
    extend(desk, DAYS, "1")
    assert news_of(browser.get("")) == ["you have another due date", "attempt 1 is graded"]
    with desk.database.write() as connection:
        made = requests.ask(
            connection, LookAgain(attempt, "softmax", "student-001", "a", "b", "Why?"), "2026-01-01"
        )
        requests.answer(connection, made, "Because.", Deed.now("ta-1", ""))
        connection.execute(
            FEEDBACK.insert().values(attempt=attempt, name="softmax", sha256="0", moment=stamp(desk.now()))
        )
    give(desk, attempt, 50.0)
    page = browser.get("units/softmax")
    assert page.text.count(">new</span>") == 2, "the date, and the line of the attempt"
    assert news_of(browser.get("")) == [
        "attempt 1 has feedback of the course staff",
        "a request about attempt 1 is answered",
    ]
    browser.get(f"attempts/{attempt}")
    assert news_of(browser.get("")) == []
    handed_in(stage, desk, 100.0)
    assert news_of(browser.get("")) == ["attempt 2 is graded"]


def test_a_comment_is_new_when_it_is_handed_out(stage, desk, browser):
    """Not while others are still being written; until the attempt's page was seen; a later one again."""
    attempt = handed_in(stage, desk, 40.0)
    browser.get(f"attempts/{attempt}")
    browser.get("units/softmax")

    def comment(text):
        entry = Entry("softmax", "student-001", attempt, "softmax_forward", COMMENT, comment=text)
        with desk.database.write() as connection:
            by_hand.add(connection, entry, Deed("ta-1", stamp(desk.now()), ""))

    def hand_out():
        with desk.database.write() as connection:
            handed_out.hand_out(connection, "softmax", Deed("teacher-1", stamp(desk.now()), ""))

    for text in ("Say why.", "Say more."):
        comment(text)
        assert news_of(browser.get("")) == []
        hand_out()
        assert news_of(browser.get("")) == ["attempt 1 has a comment of the course staff"]
        assert text in browser.get(f"attempts/{attempt}").text
        assert news_of(browser.get("")) == []
        hand_out()
        assert news_of(browser.get("")) == []


def test_what_one_did_oneself_and_what_others_saw_is_no_news(stage, desk, browser):
    """A late day of one's own is none; staff who look at an attempt leave it new for its student."""
    configure(desk, course="late_days=2")
    attempt = handed_in(stage, desk, 40.0)
    with desk.database.write() as connection:
        exceptions.add(connection, "softmax", "student-001", LATE_DAY, "1", Deed.now("student-001", ""))
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        assert staff.get(f"attempts/{attempt}").status_code == 200
    assert news_of(browser.get("")) == ["released", "attempt 1 is graded"]


def test_many_marks_are_one_line(stage, desk, browser):
    """Who comes back after a week of handing in reads one line and not ten."""
    for _ in range(4):
        handed_in(stage, desk, 40.0)
    assert news_of(browser.get("")) == ["released", "4 attempts are graded"]


def test_units_that_are_not_released_are_one_line_each_in_the_course_s_order(stage, desk, browser):
    """With the moment when they open, where the course says it and it is to come."""
    path = desk.course.root / CONFIG_NAME
    opens = (desk.now() + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)
    text = path.read_text()
    unit = re.search(r'Unit\(\s*"softmax".*?\),\n', text, re.S)[0]
    early = unit.replace('"softmax"', '"early"', 1).replace("due=", f'opens="{opens.isoformat()}", due=', 1)
    late = unit.replace('"softmax"', '"late"', 1)
    path.write_text(text.replace(unit, early + unit + late))
    desk.living.now(at_once=True)
    page = browser.get("").text
    assert re.search(r"Softmax: opens \d+ \w+ \d{4}, 08:00 UTC\.", page), page
    assert "Softmax: not released yet." in page
    assert page.index("opens") < page.index('id="unit-softmax"') < page.index("not released yet")
    assert "units/early" not in page


def test_the_notebook_is_one_click_away(stage, desk, browser):
    """The link goes through the hub, which starts the server and knows on which name it is."""
    for path in ("", "units/softmax"):
        assert f'href="{stage.hub.url}/hub/user-redirect/course/softmax"' in browser.get(path).text


def test_a_unit_that_was_taken_back_keeps_what_was_handed_in(stage, desk, browser):
    """Its attempts are still found, and no link leads to a page that is gone."""
    attempt = handed_in(stage, desk, 40.0)
    stage.instructor().delete("api/units/softmax/release").raise_for_status()
    page = browser.get("").text
    assert f"attempts/{attempt}" in page
    assert 'href="/services/exchange/units/softmax"' not in page


def unfolded(text):
    """The lines of a calendar, put together as RFC 5545 says, each with its name."""
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")


def test_the_calendar_has_the_own_dates(stage, desk, browser):
    """In UTC, escaped, folded at 75 octets; the same event after an extension, so that an import moves it."""
    text = (desk.course.root / CONFIG_NAME).read_text()
    title = "Größen, Summen; und \\\\ ∑" + " ∑" * 40  # a backslash in the title, and letters of three octets
    (desk.course.root / CONFIG_NAME).write_text(text.replace('"Softmax"', f'"{title}"'))
    due = ago(desk, days=-7)
    configure(desk, due=due)
    answer = browser.get("due-dates.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    before = unfolded(answer.text)
    assert before.count("BEGIN:VEVENT") == 1
    assert f"DTSTART:{due:%Y%m%dT%H%M%SZ}" in before
    assert "SUMMARY:Größen\\, Summen\\; und \\\\ ∑" + " ∑" * 40 + " is due" in before
    extend(desk, DAYS, "1")
    after = unfolded(browser.get("due-dates.ics").text)
    assert f"DTSTART:{due + timedelta(days=1):%Y%m%dT%H%M%SZ}" in after
    assert "DESCRIPTION:Small course. Your own date by your extension." in after
    uid = [[line for line in each if line.startswith("UID:")] for each in (before, after)]
    assert uid[0] == uid[1] != []
