"""The mark of record: every page and every JSON object shows the same number, and by which date."""

import re
from datetime import timedelta

import pytest

from autograder.course import CONFIG_NAME
from autograder.exchange.client.collecting import to_collect, write_attempt
from autograder.exchange.client.service import Service
from autograder.marks import by_hand
from autograder.marks.attempts import StoredFile
from autograder.marks.exceptions import DAYS, HOURS, UNTIL
from autograder.marks.files import attempt_for
from autograder.marks.graded import store

from .facts import WHY, ago, configure, due_of, extend, give, handed_in, result
from .stage import notebook
from .test_pages import logged_in

RULE = "The best mark after lateness counts."


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


@pytest.fixture
def teacher(stage):
    """A browser of the staff."""
    with logged_in(stage, "ta-1", "formgrade-course") as found:
        yield found


def text_of(page):
    """What a person reads of a page."""
    body = re.sub(r"<(script|style).*?</\1>", "", page.text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body)).strip()


def test_every_view_shows_the_mark_of_record(stage, desk, browser, teacher):
    """Two attempts, points by hand, late by a day: one number, one denominator, one sentence."""
    configure(desk, due=ago(desk, hours=2))
    handed_in(stage, desk, 60.0)
    counting = handed_in(stage, desk, 80.0)
    give(desk, counting, 90.0)
    record = stage.student().get("api/units/softmax/attempts").json()["record"]
    assert (record["points"], record["out_of"], record["on_top"]) == (81.0, 100.0, 0.0)
    assert record["how"] == "attempt 2 of 2, late: minus 10 %, 80 + 10 by hand"
    assert record["rule"].startswith(RULE)
    (of_staff,) = stage.staff().get("api/units/softmax/marks").json()
    assert (of_staff["points"], of_staff["how"], of_staff["attempt"]) == (81.0, record["how"], counting)
    lines = stage.staff().get("api/units/softmax/submissions").json()
    assert [(line["mark"], line["out_of"], line["counts"]) for line in lines] == [
        (54.0, 100.0, False),
        (81.0, 100.0, True),
    ]
    assert stage.student().get(f"api/attempts/{counting}").json()["record"]["points"] == 81.0
    for page in (browser.get(""), browser.get("units/softmax"), teacher.get("staff/softmax")):
        assert "81 of 100" in text_of(page)
        assert record["how"] in text_of(page)
    for page in (browser.get("units/softmax"), teacher.get("staff/softmax")):
        assert RULE in text_of(page)
    page = text_of(browser.get(f"attempts/{counting}"))
    assert "81 of 100 points" in page
    assert "The checks gave 80 points. By hand: +10. Handed in late: minus 10 %, which is 9 points." in page
    assert "80 of 100 by the checks" in page and "instead: 90 by hand" in page


def test_bonus_is_on_top_and_not_of_the_denominator(stage, desk, browser, teacher):
    """100 of 100 and 8 on top are 108; nowhere "108 of 100"."""
    made = handed_in(stage, desk, 100.0, bonus=8.0)
    words = "108 points: 100 of 100, and 8 bonus on top"
    for page in (browser.get(""), browser.get("units/softmax"), teacher.get("staff/softmax")):
        assert words in text_of(page)
    assert words in text_of(browser.get(f"attempts/{made}"))
    record = stage.student().get("api/units/softmax/attempts").json()["record"]
    assert (record["points"], record["out_of"], record["on_top"]) == (108.0, 100.0, 8.0)


def test_the_total_is_on_the_first_page(stage, desk, browser):
    """The weighted mean of what counts so far; a unit whose late period is over counts as nothing."""
    handed_in(stage, desk, 80.0)
    assert "80 % in total so far, over 1 unit." in text_of(browser.get(""))
    config = desk.course.root / CONFIG_NAME
    line = 'Unit("relu", "ReLU", due="2026-01-17T12:00+00:00", hours=1, weight=3.0),'
    config.write_text(config.read_text().replace("    ),\n    data", f"        {line}\n    ),\n    data"))
    desk.living.now(at_once=True)
    assert "20 % in total so far, over 2 units." in text_of(browser.get(""))
    configure(desk, course="drop_lowest=1")
    assert "80 % in total so far, over 1 unit, without the lowest (relu)." in text_of(browser.get(""))


def test_each_attempt_shows_what_it_would_give(stage, desk, browser):
    """Also the one that does not count; what counts is linked."""
    worse = handed_in(stage, desk, 60.0)
    handed_in(stage, desk, 80.0)
    page = text_of(browser.get("units/softmax"))
    assert "80 of 100" in page
    assert "60 of 100" in page
    assert "Your mark is that of attempt 2: 80 of 100" in text_of(browser.get(f"attempts/{worse}"))


def test_the_course_s_rule_is_told(stage, desk, browser):
    """Where the last attempt counts, the pages say so, and show its mark."""
    configure(desk, course='counts="last"')
    handed_in(stage, desk, 80.0)
    handed_in(stage, desk, 60.0)
    page = text_of(browser.get("units/softmax"))
    assert "The last attempt that has a mark counts." in page
    assert RULE not in page
    assert stage.student().get("api/units/softmax/attempts").json()["record"]["points"] == 60.0


def test_a_student_s_own_date_is_everywhere(stage, desk, browser, teacher):
    """In the listing, on pages, in lateness and its warnings; others keep the class's date."""
    due = ago(desk, hours=30)
    configure(desk, due=due)
    extend(desk, DAYS, "3")
    made = handed_in(stage, desk, 80.0)
    late = handed_in(stage, desk, 80.0, student="student-002")
    assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 80.0
    assert stage.student("student-002").get(f"api/attempts/{late}").json()["mark"] == 64.0
    (unit,) = stage.student().get("api/units").json()
    assert (due_of(unit), unit["due_why"]) == (due + timedelta(days=3), ["your extension"])
    (other,) = stage.student("student-002").get("api/units").json()
    assert (due_of(other), other["due_why"]) == (due, [])
    own = f"{(due + timedelta(days=3)).day} {due + timedelta(days=3):%B}"
    for page in (browser.get(""), browser.get("units/softmax"), browser.get(f"attempts/{made}")):
        assert own in text_of(page)
        assert "by your extension" in text_of(page)
    assert "on time by your extension" in text_of(browser.get("units/softmax"))
    assert "loses" not in text_of(browser.get("units/softmax"))
    for page in (teacher.get("staff/softmax"), teacher.get(f"attempts/{made}")):
        assert "on time by the extension" in text_of(page)
        assert "your extension" not in text_of(page)
    with logged_in(stage, "student-002", "nbgrader-course") as second:
        page = second.get("units/softmax")
        assert "what you hand in now loses 20 % of its points" in text_of(page)
        word = re.search(r'name="word" value="([0-9a-f]+)"', page.text)[1]
        content = {"files": ("softmax.ipynb", notebook(stage.course), "application/octet-stream")}
        look = second.post("units/softmax/look", data={"word": word}, files=content)
        assert "what you hand in now loses 20 % of its points" in text_of(look)


def test_reasons_are_for_staff(stage, desk, browser, teacher):
    """Staff read who has which date, who gave points, and why; students read neither page nor JSON of it."""
    made = handed_in(stage, desk, 80.0)
    extend(desk, HOURS, "5")
    extend(desk, UNTIL, "2099-01-01T12:00+00:00", student="student-009")
    give(desk, made, 2.0, kind=by_hand.EXTRA)
    page = text_of(teacher.get("staff/softmax"))
    assert page.count(WHY) == 3
    for words in ("5 hours", "student-009", "until 1 January 2099", "2 extra"):
        assert words in page
    paths = ("", "units/softmax", f"attempts/{made}")
    own = ("api/units", "api/units/softmax/attempts", f"api/attempts/{made}", f"api/attempts/{made}/result")
    for path in paths:
        assert WHY not in browser.get(path).text
    for path in own:
        answer = stage.student().get(path)
        assert answer.is_success
        assert WHY not in answer.text


@pytest.mark.parametrize(("after", "closed"), [("own-due", []), ("last-due", ["softmax_forward", "faster"])])
def test_explanations_open_after_the_own_date_or_the_last(stage, desk, after, closed):
    """After grace, too; where the course says so, whoever has most time keeps them closed for all."""
    config = desk.course.root / CONFIG_NAME
    config.write_text(config.read_text().replace("Disclosure(", f'Disclosure(after="{after}", '))
    configure(desk, due=ago(desk, minutes=5))
    path = f"api/attempts/{handed_in(stage, desk, 50.0)}/result"
    assert stage.student().get(path).json()["closed"] == ["softmax_forward", "faster"]  # within grace
    configure(desk, due=ago(desk, minutes=20))
    assert stage.student().get(path).json()["closed"] == []
    extend(desk, DAYS, "3", student="student-002")
    assert stage.student().get(path).json()["closed"] == closed
    extend(desk, DAYS, "1")
    assert stage.student().get(path).json()["closed"] == ["softmax_forward", "faster"]


def test_an_attempt_from_a_file_has_no_receipt(stage, desk, browser, teacher, tmp_path):
    """Graded by staff from a file, or known by its result only: the pages say so, and nothing fails.

    What is collected has the time of handing in, not the one at which its file was graded.
    """
    moment = "2026-01-17T12:00:00+00:00"
    stored = StoredFile("softmax.ipynb", desk.blobs.put(notebook(stage.course)), 10)
    with desk.database.write() as connection:
        made = attempt_for(connection, "softmax", "student-001", stored, moment)
        bare = attempt_for(connection, "softmax", "student-001", None, None)
        store(connection, made, result(70.0), moment)
        store(connection, bare, result(50.0), moment)
    for attempt in (made, bare):
        page = browser.get(f"attempts/{attempt.id}")
        assert page.status_code == 200
        assert "graded from a file by the staff" in text_of(page)
        assert "receipt.txt" not in page.text
        assert browser.get(f"attempts/{attempt.id}/receipt.txt").status_code == 404
        assert stage.student().get(f"api/attempts/{attempt.id}/receipt").status_code == 404
        assert stage.student().get(f"api/attempts/{attempt.id}").json()["origin"] == "files"
    assert "time not known" in text_of(browser.get("units/softmax"))
    assert "70 of 100" in text_of(teacher.get("staff/softmax"))
    service = Service(stage.url, stage.hub.token("ta-1", "formgrade-course"))
    (collected,) = to_collect(service.submissions("softmax"))
    assert collected["id"] == made.id
    assert write_attempt(service, collected, tmp_path / "collected")
    assert "2026-01-17 12:00:00" in (tmp_path / "collected" / "timestamp.txt").read_text()
    assert to_collect([line for line in service.submissions("softmax") if line["id"] == bare.id]) == []
    answer = stage.staff().post(f"api/attempts/{bare.id}/requeue")
    assert (answer.status_code, "only the result is kept" in answer.json()["error"]) == (409, True)
    assert stage.student().get("api/units/softmax/attempts").json()["record"]["points"] == 70.0


def test_a_regrade_in_the_queue_does_not_hide_the_mark(stage, desk, browser):
    """While an attempt waits to be graded anew, its mark stands on every page."""
    made = handed_in(stage, desk, 80.0)
    assert stage.staff().post(f"api/attempts/{made}/requeue").status_code == 200
    assert "80 of 100" in text_of(browser.get("units/softmax"))
    body = stage.student().get("api/units/softmax/attempts").json()
    assert (body["record"]["points"], body["attempts"][0]["state"]) == (80.0, "waiting")
