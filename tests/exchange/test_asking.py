"""A student asks a person to look again: at their own graded attempt, with a reason, and sees the answer."""

import re
from html import unescape

import pytest

from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store import attempts, graded, queue
from autograder.exchange.store.desk import stamp
from autograder.marks import requests
from autograder.marks.exceptions import Deed
from autograder.results.result import Check, Result, Verdict, totals

from .facts import handed_in
from .stage import files, notebook
from .test_pages import EVIL, finish_next, logged_in, word_of

WHY = "Rows do sum to one here; I tried it with the example."


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


def ask(browser, attempt, why=WHY, name="softmax_forward", check="a"):
    """Fill the form of the attempt's page and send it."""
    word = word_of(browser.get(f"attempts/{attempt}"))
    return browser.post(
        f"attempts/{attempt}/look-again", data={"word": word, "name": name, "check": check, "why": why}
    )


def waiting(desk):
    """What waits for staff."""
    with desk.database.read() as connection:
        return requests.waiting(connection, "softmax")


def test_a_request_is_asked_seen_and_answered(stage, desk, browser):
    """Once per check, also on a double click; what both sides wrote is shown as text."""
    attempt = handed_in(stage, desk, 40.0)
    page = ask(browser, attempt, f" {WHY}\0{EVIL}\r\n")
    assert page.status_code == 200
    assert "You asked a person to look again" in page.text
    assert "<script>alert" not in page.text
    assert [(r.student, r.name, r.check, r.why) for r in waiting(desk)] == [
        ("student-001", "softmax_forward", "a", WHY + EVIL)
    ]
    assert 'id="again-softmax_forward"' not in page.text, "its only check was asked about"
    assert 'id="again-faster"' in page.text
    ask(browser, attempt)
    assert len(waiting(desk)) == 1
    with desk.database.write() as connection:
        requests.answer(connection, waiting(desk)[0].id, "The axis" + EVIL, Deed.now("ta-2", ""))
    page = browser.get(f"attempts/{attempt}")
    assert "answered" in page.text
    assert "The axis&lt;script" in page.text
    assert "ta-2" not in page.text, "the course staff answer, not one of them"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"why": "  short \r\n "}, "Your reason has 5 characters; expected 10 to 2000"),
        ({"why": "x" * 2001}, "Your reason has 2001 characters; expected 10 to 2000"),
        ({"check": "nonsense"}, "Choose the check"),
        ({"check": ""}, "Choose the check"),
    ],
)
def test_what_was_typed_is_not_lost(stage, desk, browser, fields, said):
    """A reason that is refused stands in the form again, beside what is wrong with it."""
    attempt = handed_in(stage, desk, 40.0)
    page = ask(browser, attempt, **{"why": WHY, **fields})
    assert page.status_code == 422
    assert said in page.text
    typed = re.search(r'<textarea id="why-softmax_forward"[^>]*>(.*?)</textarea>', page.text, re.S)[1]
    assert unescape(typed).replace("\r\n", "\n") == {"why": WHY, **fields}["why"].replace("\r\n", "\n")
    assert waiting(desk) == []


def test_nobody_asks_about_another_s_attempt_or_before_it_is_graded(stage, desk, browser):
    """For other students it does not exist, staff have no request to make, and a result must be there."""
    attempt = handed_in(stage, desk, 40.0)
    for name, group, status in (
        ("student-002", "nbgrader-course", 404),
        ("ta-1", "formgrade-course", 403),
    ):
        with logged_in(stage, name, group) as other:
            data = {"word": word_of(other.get("")), "name": "softmax_forward", "check": "a", "why": WHY}
            assert other.post(f"attempts/{attempt}/look-again", data=data).status_code == status
    made = stage.student().post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course))
    )
    assert "not graded yet" in ask(browser, made.json()["id"]).text
    assert ask(browser, attempt, name="nonsense").status_code == 404
    assert waiting(desk) == []


def test_a_written_answer_can_be_asked_about(stage, desk, browser):
    """It has no check; the name of the question is enough."""
    stage.student().post("api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course)))
    attempt = stage.student().get("api/units/softmax/attempts").json()["attempts"][0]["id"]
    finish_next(desk, {"why": "digest"})
    ask(browser, attempt, name="why", check="")
    assert [(r.name, r.check) for r in waiting(desk)] == [("why", "")]


def test_only_so_many_wait(stage, desk, browser, monkeypatch):
    """A student's requests are bounded, and the one too many is not lost from the form."""
    assert ServiceLimits().requests_waiting == 20
    object.__setattr__(desk.limits, "requests_waiting", 1)
    attempt = handed_in(stage, desk, 40.0)
    ask(browser, attempt)
    page = ask(browser, attempt, name="faster", check="b")
    assert page.status_code == 429
    assert "1 requests of yours wait" in page.text
    assert WHY in page.text[page.text.index('id="why-faster"') :]
    assert len(waiting(desk)) == 1


def test_an_attempt_shows_an_unwritten_task_as_one_line(stage, desk, browser):
    """As the feedback does; there is nothing to open for a token either."""
    made = stage.student().post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course))
    )
    checks = tuple(
        Check(name, "softmax_forward", f"It does {name}.", 25.0, 0.0, Verdict.MISSING, reason="It is a stub.")
        for name in "abcd"
    )
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        result = Result("softmax", "student-001", checks=checks, **totals(checks))
        graded.finish(connection, entry, attempts.find(connection, entry.attempt), result, stamp(desk.now()))
    page = browser.get(f"attempts/{made.json()['id']}").text
    assert "Not written yet: 4 checks." in page
    assert page.count("It is a stub.") == 1
    assert "checks wrong" not in page
    assert "Explain this task" not in page
