"""What people type into a page is not lost: not as it looks again, on a reload, or without a network."""

import re

import pytest

from autograder.marks import requests
from autograder.marks.requests import LookAgain
from autograder.marks.roster import Member, add, roster_file
from tests.waiting import until

from .facts import configure, give, handed_in

pytestmark = pytest.mark.browser
WHY = "The sum of each row is one, as the check wants it."


@pytest.fixture
def open_page(chromium, stage):
    """A function that opens a page for somebody, in a browser of their own."""
    contexts = []

    def opened(path, name="ta-1", *groups):
        groups = groups or ("formgrade-course", "instructor-course")
        stage.hub.next_login = stage.hub.token(name, *groups)
        context = chromium.new_context(viewport={"width": 375, "height": 800})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(stage.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()


def shows(page, text):
    """Wait until the page shows a text."""
    page.locator("main", has_text=re.compile(text)).wait_for()


def test_a_page_that_looks_again_leaves_what_is_typed(stage, desk, open_page):
    """Also where the reader has clicked elsewhere; it goes on looking once nothing is typed any more."""
    configure(desk, course="late_days=2")
    add(roster_file(desk.course), [Member(f"student-00{number}", "student") for number in (1, 2, 3)])
    page = open_page("staff/softmax")
    shows(page, "handed in 0")
    table = page.locator("div.scroll[aria-label=Students]")
    table.evaluate("at => { at.scrollLeft = 40; }")
    page.fill("#why", "a stay in")
    page.locator("h1").click()
    handed_in(stage, desk, 60.0)
    page.wait_for_timeout(5000)  # it would have looked twice
    assert page.locator("#why").input_value() == "a stay in"
    page.fill("#why", "")
    page.locator("h1").click()
    shows(page, "handed in 1")
    assert table.evaluate("at => at.scrollLeft") == 40


def test_a_page_that_looks_again_leaves_open_what_is_open(stage, desk, open_page):
    """What was unfolded stays so."""
    attempt = handed_in(stage, desk, 100.0)
    page = open_page(f"attempts/{attempt}")
    summary = page.locator("details summary", has_text="check passed").first
    summary.click()
    page.evaluate("document.body.setAttribute('data-live', '')")
    give(desk, attempt, 90.0)
    shows(page, "90 by hand")
    assert page.locator("details[open] summary", has_text="check passed").count() == 1


def test_a_request_is_not_lost(stage, desk, open_page):
    """On a reload, and where the network is away as it is sent; what has arrived is not offered again."""
    attempt = handed_in(stage, desk, 60.0)
    page = open_page(f"attempts/{attempt}", "student-001", "nbgrader-course")
    form = page.locator("#again-softmax_forward")
    form.locator("summary").click()
    form.locator("textarea").fill(WHY)
    page.reload()
    page.get_by_role("button", name="Put it back").click()
    assert form.locator("textarea").input_value() == WHY
    page.context.set_offline(True)
    form.locator("form button:not([type])").click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.go_back()
    page.get_by_role("button", name="Put it back").click()
    form.locator("form button:not([type])").click()
    shows(page, "You asked a person to look again")
    page.reload()
    assert page.get_by_role("button", name="Put it back").count() == 0
    with desk.database.read() as connection:
        assert [each.why for each in requests.waiting(connection)] == [WHY]


def test_an_answer_to_a_request_is_not_lost(stage, desk, open_page):
    """The text and the points of who answers."""
    attempt = handed_in(stage, desk, 60.0)
    with desk.database.write() as connection:
        wish = LookAgain(attempt, "softmax", "student-001", "softmax_forward", "a", WHY)
        number = requests.ask(connection, wish, "2027-01-01T00:00:00+00:00")
    page = open_page(f"marking/requests/{number}")
    page.fill("#text", "You are right.")
    page.fill("#points", "90")
    page.reload()
    page.get_by_role("button", name="Put it back").click()
    assert (page.locator("#text").input_value(), page.locator("#points").input_value()) == (
        "You are right.",
        "90",
    )
    page.get_by_role("button", name="Answer", exact=True).click()
    shows(page, "0 wait")
    with desk.database.read() as connection:
        until(lambda: not requests.waiting(connection), "answer", 10)


def test_a_comment_for_all_is_not_lost_and_not_offered_twice(stage, desk, open_page):
    """It stays in its field on a reload, and is gone once they have it."""
    for number in (1, 2):
        handed_in(stage, desk, 60.0, student=f"student-00{number}")
    page = open_page("staff/softmax/report")
    page.locator("textarea").first.fill("Sum over the classes.")
    page.reload()
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("button", name="Comment for 2 students").first.click()
    shows(page, "2 students have the comment")
    assert page.get_by_role("button", name="Put it back").count() == 0
