"""The class list: who has and has not handed in, found and sorted; quick for a large class."""

import re
import time

import httpx
import pytest

from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.desk import open_desk
from autograder.exchange.views.class_list import PAGE, ListWanted
from autograder.marks import requests
from autograder.marks.exceptions import DAYS
from autograder.marks.requests import LookAgain
from autograder.marks.roster import Member, add, roster_file
from tests.postgres import postgres  # noqa: F401 - a fixture

from .big_class import counted, enrol, fill, with_units
from .facts import WHY, ago, configure, extend, give, handed_in
from .stage import in_this_process
from .test_pages import logged_in
from .test_record import text_of

SECONDS = 1.0  # of this process at the second look; a tenth of it where nothing else runs
FIRST_SECONDS = 5.0  # the same at the first one, which loads modules and reads all facts
QUERIES = 20  # of one page, whatever the size of the class and the number of units
STAFF_PAGES = (
    "staff",
    "staff/softmax",
    "staff/unit_07?sort=-mark&q=student-09&show=in",
    "staff/softmax/report",
    "staff/softmax/manage",
    "staff/softmax/extend",
    "students/student-0001",
    "marking",
)
PEOPLE = (
    Member("student-001", "student", "Łukasz Ångström"),
    Member("student-002", "student", "Zoë Example"),
    Member("student-003", "student"),
    Member("ta-1", "ta", "Not A Student"),
)


@pytest.fixture
def teacher(stage):
    """A browser of the staff."""
    with logged_in(stage, "ta-1", "formgrade-course") as found:
        yield found


def students_of(page):
    """The usernames in the order of the list."""
    return re.findall(r'<th scope="row"><a href="[^"]*/students/[^"]*">([^<]+)</a>', page.text)


def test_the_list_begins_with_the_roster(stage, desk, teacher):
    """Who has not handed in is there, with the name; staff are not; who is on no roster and handed in is."""
    add(roster_file(desk.course), PEOPLE)
    handed_in(stage, desk, 80.0, student="student-002")
    handed_in(stage, desk, 60.0, student="student-009")
    page = teacher.get("staff/softmax")
    assert students_of(page) == ["student-001", "student-002", "student-003", "student-009"]
    assert "Zoë Example" in page.text and "Not A Student" not in page.text
    assert "everybody 4 handed in 2 not handed in 2" in text_of(page)
    assert students_of(teacher.get("staff/softmax?show=missing")) == ["student-001", "student-003"]
    assert "2 of 3" in text_of(teacher.get("staff"))


FOUND = {
    "q=angstrom": ["student-001"],
    "q=example+zo": ["student-002"],
    "q=STUDENT-003": ["student-003"],
    "q=nobody": [],
    "sort=mark": ["student-003", "student-001", "student-002"],
    "sort=-mark": ["student-002", "student-001", "student-003"],
    "sort=-name": ["student-003", "student-001", "student-002"],
    "show=late": ["student-001", "student-002"],
    "show=by-hand": ["student-001"],
    "show=asked": ["student-002"],
    "show=person": [],
    "sort=__class__&show=x&page=0": ["student-001", "student-002", "student-003"],
    "page=99999": ["student-001", "student-002", "student-003"],
}


def test_students_are_found_and_sorted_by_the_server(desk, stage, teacher):
    """By letters without case and accents, by parts of the class, by columns; odd values are as none."""
    configure(desk, due=ago(desk, hours=2))
    add(roster_file(desk.course), PEOPLE)
    given = handed_in(stage, desk, 60.0)
    again = handed_in(stage, desk, 80.0, student="student-002")
    give(desk, given, 70.0)
    with desk.database.write() as connection:
        asks = LookAgain(again, "softmax", "student-002", "softmax_forward", "", "I think so")
        requests.ask(connection, asks, "2026-01-10T10:00:00+00:00")
    assert {asked: students_of(teacher.get(f"staff/softmax?{asked}")) for asked in FOUND} == FOUND


def test_what_is_looked_for_is_escaped_and_kept(stage, desk, teacher):
    """In the form, and in the links that sort; a student's browser gets no list."""
    add(roster_file(desk.course), PEOPLE)
    page = teacher.get("staff/softmax", params={"q": '"><b>x'})
    assert "<b>x" not in page.text and "q=%22%3E%3Cb%3Ex" in page.text
    assert "Nobody fits." in page.text
    page = teacher.get("staff/softmax?sort=-mark&show=missing").text
    form = re.search(r'<form method="get".*?</form>', page, re.S)[0]
    assert 'name="sort" value="-mark"' in form and 'name="show" value="missing"' in form


def test_a_bookmark_leads_through_the_login(stage, desk):
    """With all that stands in the address; one that is too long for a cookie leads to the page."""
    add(roster_file(desk.course), PEOPLE)
    for asked, shown in (("?show=missing&q=zo%C3%AB", ["student-002"]), (f"?q={'z' * 2000}", None)):
        stage.hub.next_login = stage.hub.token("ta-1", "formgrade-course")
        with httpx.Client(base_url=stage.url, follow_redirects=True, timeout=30) as browser:
            page = browser.get(f"staff/softmax{asked}")
            assert page.status_code == 200 and page.url.path.endswith("staff/softmax")
            assert students_of(page) == (shown or ["student-001", "student-002", "student-003"])


def test_a_roster_that_cannot_be_read_keeps_nobody_from_the_list(stage, desk, teacher):
    """Staff read what is wrong with it, and work on with who handed in."""
    handed_in(stage, desk, 80.0)
    roster_file(desk.course).write_text("username,role\nstudent-001,king\n")
    for path in ("staff", "staff/softmax"):
        assert "expected one of student, ta, instructor" in teacher.get(path).text
    assert students_of(teacher.get("staff/softmax")) == ["student-001"]


def test_links_keep_what_is_asked_for():
    """A click on a column sorts by it, a second one the other way round, from the first page."""
    wanted = ListWanted.of({"q": "a b", "show": "late", "sort": "-mark", "page": "3"})
    assert wanted.by("mark") == "?q=a+b&show=late&sort=mark"
    assert wanted.by("last") == "?q=a+b&show=late&sort=last"
    assert wanted.link(page=4) == "?q=a+b&show=late&sort=-mark&page=4"
    assert (wanted.way("mark"), wanted.way("last")) == ("descending", "none")


def test_one_student_s_page_has_all_units(stage, desk, teacher):
    """Name, attempts with what each would give, the mark and how it came about, who gave what and why."""
    configure(desk, due=ago(desk, hours=2))
    add(roster_file(desk.course), PEOPLE)
    handed_in(stage, desk, 60.0, student="student-001")
    give(desk, handed_in(stage, desk, 80.0), 90.0)
    extend(desk, DAYS, "3")
    asked = teacher.get("staff/softmax").text
    page = teacher.get(re.search(r'students/[^"]*001', asked)[0])
    text = text_of(page)
    assert "Łukasz Ångström" in text and "student-001, student" in text
    assert "90 of 100" in text and "60 of 100" in text and "90 % in total so far" in text
    assert "attempt 2 of 2, on time by the extension, 80 + 10 by hand" in text
    assert text.count(WHY) == 2 and "3 days" in text
    assert "Nothing was handed in." in text_of(teacher.get("students/student-003"))


def test_who_asks_to_look_again_is_two_clicks_from_the_answer(stage, desk, teacher):
    """From the list, from the student's page and from the attempt."""
    attempt = handed_in(stage, desk, 60.0)
    with desk.database.write() as connection:
        asks = LookAgain(attempt, "softmax", "student-001", "softmax_forward", "a", "I think so")
        number = requests.ask(connection, asks, "2026-01-10T10:00:00+00:00")
    assert "marking/requests?student=student-001" in teacher.get("staff/softmax").text
    assert f"marking/requests/{number}" in teacher.get("marking/requests?student=student-001").text
    assert f"marking/requests/{number}" not in teacher.get("marking/requests?student=student-002").text
    for path in ("students/student-001", f"attempts/{attempt}"):
        assert f"marking/requests/{number}" in teacher.get(path).text, path
    assert "The student asked" in teacher.get(f"attempts/{attempt}").text


def test_a_student_s_page_is_for_staff_and_of_known_names(stage, teacher):
    """Not for the student, whose own pages say less; who is nobody gets no page; odd names are escaped."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert browser.get("students/student-001").status_code == 403
    answer = teacher.get("students/<b>x/../y")
    assert answer.status_code == 404 and "<b>x" not in answer.text


@pytest.fixture(params=["sqlite", "postgresql"])
def large(request, course, hub, monkeypatch):
    """A service with 1,000 students and ten units."""
    if request.param == "postgresql":
        monkeypatch.setenv("COURSE_DATABASE", request.getfixturevalue("postgres").fresh())
    desk = open_desk(course, ServiceLimits(requests_per_second=1000, request_burst=5000))
    students = enrol(desk, 1000)
    fill(desk, with_units(desk, 10), students)
    with in_this_process(course, hub, desk, monkeypatch) as found:
        yield found
    desk.database.close()


def looked_at(large, browser, path):
    """The processor's time of one look at a page; its queries are held against the bound."""
    with counted(large.desk.database) as made:
        began = time.process_time()
        page = browser.get(path)
        took = time.process_time() - began
    assert page.status_code == 200, path
    assert len(made) <= QUERIES, (path, len(made))
    return took


def test_pages_are_quick_for_a_large_class(large):
    """With 1,000 students and ten units, on both databases, at the first look and as they look again."""
    with logged_in(large, "ta-1", "formgrade-course", "instructor-course") as teacher:
        first = {path: looked_at(large, teacher, path) for path in STAFF_PAGES}
        again = {path: looked_at(large, teacher, path) for path in STAFF_PAGES}
        assert "900 of 1000" in text_of(teacher.get("staff"))
        assert len(students_of(teacher.get("staff/softmax"))) == PAGE
    with logged_in(large, "student-0001", "nbgrader-course") as student:
        first |= {"": looked_at(large, student, "")}
    assert max(first.values()) < FIRST_SECONDS, first
    assert max(again.values()) < SECONDS, again
