"""Requests to look again, on the staff's side: who may answer, with what, and what comes of it."""

import re

import httpx
import pytest

from autograder.marks import by_hand, requests
from autograder.marks.requests import LookAgain

from .facts import give, handed_in
from .test_pages import EVIL, logged_in, word_of

WHY = f"I think that it is right. {EVIL}"


@pytest.fixture
def asked(stage, desk):
    """student-001 asks about a task that the checks gave 40 points of 100."""
    attempt = handed_in(stage, desk, 40.0)
    with desk.database.write() as connection:
        wish = LookAgain(attempt, "softmax", "student-001", "softmax_forward", "a", WHY)
        return requests.ask(connection, wish, "2027-01-01T00:00:00+00:00")


def answer(browser, page, text="Looked at it.", points="", **other):
    """Send the form of a request."""
    last = re.search(r'name="last" value="(\d+)"', page.text)[1]
    data = {"word": word_of(page), "last": last, "text": text, "points": points} | other
    return browser.post(str(page.url), data=data)


def state(desk, number):
    """The request, and what was given by hand."""
    with desk.database.read() as connection:
        return requests.find(connection, number), by_hand.of_unit(connection, "softmax")


def test_a_request_is_answered_with_text_and_points(stage, desk, asked):
    """Reason, verdict and notebook are there; points count at once; what is unfit comes back."""
    with logged_in(stage, "ta-1", "formgrade-course") as ta:
        assert "1 waits." in ta.get("marking").text
        rows = ta.get("marking/requests").text
        assert f"marking/requests/{asked}" in rows and "the checks" in rows
        page = ta.get(f"marking/requests/{asked}")
        assert "I think that it is right. &lt;script&gt;" in page.text and EVIL not in page.text
        assert "Rows sum to one" in page.text and "It is wrong" in page.text
        assert "softmax.ipynb" in page.text
        for text, points, sentence in (
            (" ", "", "Write a text of 1 to 4000 letters"),
            ("Right.", "many", "Points are a number from 0 to 100"),
            ("Right.", "101", "Points are a number from 0 to 100"),
        ):
            refused = answer(ta, page, text, points)
            assert refused.status_code == 409
            assert sentence in refused.text and f'name="points" value="{points}"' in refused.text
        assert state(desk, asked)[0].waits
        assert "0 wait." in answer(ta, page, "You are right.", "100").text
    request, (entry,) = state(desk, asked)
    assert (request.answered_by, request.answer) == ("ta-1", "You are right.")
    assert (entry.points, entry.automatic, entry.who) == (100.0, 40.0, "ta-1")
    assert stage.student().get("api/units/softmax/attempts").json()["record"]["points"] == 100.0


def test_nobody_answers_what_they_marked(stage, desk, asked):
    """A TA who gave points there is kept from it; an instructor is warned, and may."""
    give(desk, state(desk, asked)[0].attempt, 50.0)  # by ta-1
    with logged_in(stage, "ta-1", "formgrade-course") as ta:
        assert 'class="tag wait">you' in ta.get("marking/requests").text
        page = ta.get(f"marking/requests/{asked}")
        assert "somebody else answers" in page.text and "<textarea" not in page.text
        data = {"word": word_of(page), "last": "1", "text": "No."}
        assert ta.post(str(page.url), data=data).status_code == 403
    assert state(desk, asked)[0].waits
    stage.hub.next_login = stage.hub.token("ta-1", "formgrade-course", "instructor-course")
    with httpx.Client(base_url=stage.url, follow_redirects=True, timeout=30) as instructor:
        page = instructor.get(f"marking/requests/{asked}")
        assert "only if nobody else" in page.text
        assert answer(instructor, page).status_code == 200
    assert not state(desk, asked)[0].waits


def test_what_one_may_answer_comes_first(stage, desk, asked):
    """The older request is behind the other one for who marked what it is about."""
    later = handed_in(stage, desk, 40.0, student="student-002")
    with desk.database.write() as connection:
        wish = LookAgain(later, "softmax", "student-002", "softmax_forward", "a", WHY)
        other = requests.ask(connection, wish, "2027-01-02T00:00:00+00:00")
    give(desk, state(desk, asked)[0].attempt, 50.0)  # by ta-1
    for name, order in (("ta-1", [other, asked]), ("ta-2", [asked, other])):
        with logged_in(stage, name, "formgrade-course") as ta:
            found = re.findall(r'href="[^"]*marking/requests/(\d+)"', ta.get("marking/requests").text)
            assert list(map(int, found)) == order


def test_two_who_answer_at_once_are_told(stage, desk, asked):
    """The second keeps what was typed, and nothing of it is stored."""
    with (
        logged_in(stage, "ta-1", "formgrade-course") as ta,
        logged_in(stage, "ta-2", "formgrade-course") as other,
    ):
        mine, theirs = (each.get(f"marking/requests/{asked}") for each in (ta, other))
        answer(ta, mine, "Yes.", "60")
        late = answer(other, theirs, "No.", "40", last="1")
        assert late.status_code == 409
        assert "ta-1 has answered it meanwhile" in late.text and ">No.</textarea>" in late.text
    assert [entry.points for entry in state(desk, asked)[1]] == [60.0]


def test_requests_are_for_staff(stage, desk, asked):
    """A student sees neither the list nor a request, and answers none; what is not there is said."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        word = word_of(browser.get("units/softmax"))
        assert browser.get("marking/requests").status_code == 403
        assert browser.get(f"marking/requests/{asked}").status_code == 403
        data = {"word": word, "text": "Yes.", "points": "100", "last": "0"}
        assert browser.post(f"marking/requests/{asked}", data=data).status_code == 403
    with logged_in(stage, "ta-1", "formgrade-course") as ta:
        for number in (asked + 1, 10**30):
            assert ta.get(f"marking/requests/{number}").status_code == 404
