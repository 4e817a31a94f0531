"""The pages: login, forged forms, what is shown to whom, and how they look in a real browser."""

import json
import re
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from autograder.exchange.store import attempts, graded, queue
from autograder.marks.exceptions import LATE_DAY
from autograder.results.result import Check, Result, Verdict, totals
from tests.needs import WCAG

from .facts import configure, extend, give
from .stage import files, notebook

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


@contextmanager
def logged_in(stage, name, *groups):
    """A browser that goes through the hub's login once."""
    stage.hub.next_login = stage.hub.token(name, *groups)
    with httpx.Client(base_url=stage.url, follow_redirects=True, timeout=30) as client:
        assert client.get("").status_code == 200
        yield client


def word_of(page):
    """What the forms of a page carry."""
    return re.search(r'name="word" value="([0-9a-f]+)"', page.text)[1]


def hand_in(stage, browser, content, name="softmax.ipynb"):
    """Upload, look, hand in; returns the last page."""
    page = browser.get("units/softmax")
    look = browser.post(
        "units/softmax/look",
        data={"word": word_of(page)},
        files={"files": (name, content, "application/octet-stream")},
    )
    assert look.status_code == 200, look.text
    draft = re.search(r'name="draft" value="([^"]+)"', look.text)[1]
    return look, browser.post("units/softmax/hand-in", data={"word": word_of(look), "draft": draft})


def test_a_student_off_the_hub_hands_in(stage, browser):
    """Upload, preflight, receipt: what is left as it was given is named, and so is what was repaired."""
    content = json.loads(notebook(stage.course, "softmax_forward"))
    content["cells"] = [
        c for c in content["cells"] if "points-softmax_forward" not in json.dumps(c["metadata"])
    ]
    look, page = hand_in(stage, browser, json.dumps(content).encode(), "softmax (3).ipynb")
    written = look.text.index("softmax_forward")
    assert look.text.index("Not written yet") < look.text.index("softmax_backward") < written
    assert "Attempt 1" in page.text
    assert "Next in line" in page.text
    attempt = page.url.path.rpartition("/")[2]
    assert browser.get(f"attempts/{attempt}/receipt.txt").text.strip().count(".") == 1
    assert browser.get(f"attempts/{attempt}/files/softmax.ipynb").content == json.dumps(content).encode()


def test_looking_hands_nothing_in(stage, browser):
    """What was only looked at is no attempt, and another student's draft cannot be handed in."""
    page = browser.get("units/softmax")
    look = browser.post(
        "units/softmax/look",
        data={"word": word_of(page)},
        files={"files": ("softmax.ipynb", b"\x89PNG")},
    )
    assert "cannot be read as a notebook" in look.text
    assert stage.student().get("api/units/softmax/attempts").json()["attempts"] == []
    draft = re.search(r'name="draft" value="([^"]+)"', look.text)[1]
    with logged_in(stage, "student-002", "nbgrader-course") as other:
        word = word_of(other.get("units/softmax"))
        assert other.post("units/softmax/hand-in", data={"word": word, "draft": draft}).status_code == 403
        assert other.post("units/softmax/hand-in", data={"word": word, "draft": "x"}).status_code == 422


def test_handing_in_twice_from_one_look_is_one_attempt(stage, browser):
    """A double click does no harm."""
    look, page = hand_in(stage, browser, notebook(stage.course))
    draft = re.search(r'name="draft" value="([^"]+)"', look.text)[1]
    again = browser.post("units/softmax/hand-in", data={"word": word_of(look), "draft": draft})
    assert again.url == page.url


@pytest.mark.parametrize(
    ("word", "headers"),
    [
        ("", {}),
        ("0" * 64, {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Sec-Fetch-Site": "same-site"}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
    ],
)
def test_a_forged_form_is_refused(stage, browser, word, headers):
    """A form without our word, or sent from another site, changes nothing."""
    _, page = hand_in(stage, browser, notebook(stage.course))
    right = word_of(page)
    data = {"word": right if word is None else word, "task": "softmax_forward"}
    for target in (f"{page.url}/hints", "units/softmax/look", "units/softmax/hand-in", "logout"):
        assert browser.post(target, data=data, headers=headers).status_code == 403


def test_the_word_of_one_session_is_no_good_in_another(stage, browser):
    """A form made with somebody else's word is refused."""
    with logged_in(stage, "student-002", "nbgrader-course") as other:
        word = word_of(other.get(""))
    assert browser.post("logout", data={"word": word}).status_code == 403


def test_a_login_that_this_browser_did_not_begin_is_refused(stage):
    """A link with somebody else's code and state logs nobody in."""
    with httpx.Client(base_url=stage.url, timeout=30) as attacker, httpx.Client(base_url=stage.url) as victim:
        stage.hub.next_login = stage.hub.token("student-666", "nbgrader-course")
        sent = attacker.get(attacker.get("").headers["location"]).headers["location"]
        for address in (sent, sent.replace("state=", "state=x"), "oauth_callback"):
            answer = victim.get(address)
            assert answer.status_code == 403
            assert "not begun in this browser" in answer.text
        assert victim.get("").status_code == 302


def test_the_login_returns_to_our_own_pages_only(stage):
    """The page that was asked for is shown after the login; an address elsewhere is not."""
    stage.hub.next_login = stage.hub.token("student-001", "nbgrader-course")
    with httpx.Client(base_url=stage.url, follow_redirects=True) as client:
        assert client.get("units/softmax").url.path.endswith("/units/softmax")
    with httpx.Client(base_url=stage.url) as client:
        answer = client.get("//evil.example/")
        assert "evil" not in answer.headers.get("location", "")
        asked = parse_qs(urlsplit(client.get("").headers["location"]).query)
        assert asked["redirect_uri"][0].startswith(stage.url)


def test_cookies_are_kept_from_scripts_and_other_paths(stage):
    """HttpOnly, SameSite, only below the service's path; secure where the proxy speaks TLS."""
    with httpx.Client(base_url=stage.url) as client:
        cookie = client.get("", headers={"X-Forwarded-Proto": "https"}).headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/services/exchange/", "Secure"))


def test_log_out_leads_to_the_hub_s(stage, browser):
    """The exchange's session is gone, and the hub ends all others of this person."""
    browser.follow_redirects = False
    answer = browser.post("logout", data={"word": word_of(browser.get(""))})
    assert answer.headers["location"].endswith("/hub/logout")
    assert browser.get("").status_code == 302


def test_a_session_ends_with_the_hub_s_token(stage, browser):
    """When the hub does not know the token any more, the page sends to the login again."""
    browser.follow_redirects = False
    assert browser.get("").status_code == 200
    stage.hub.models.clear()
    stage.app.state.checks.known.clear()  # what ``CACHE_SECONDS`` would do
    assert browser.get("").status_code == 302
    browser.cookies.clear()
    browser.cookies.set("course-exchange-session", "forged")
    assert browser.get("").status_code == 302


def _with_result(stage, desk, student="student-001", reason="It is wrong."):
    made = stage.student(student).post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course))
    )
    checks = (
        Check("a", "softmax_forward", "Rows sum to one.", 50.0, 50.0, Verdict.PASSED),
        Check(
            *("b", "softmax_backward", "The gradient is right.", 50.0, 0.0, Verdict.FAILED),
            reason=reason,
            hint="Look at the axis.",
            mistake="axis",
            case={"calls": "f(1)", "got": "0", "expected": "1", "note": "public"},
            notes=("the hidden seed is 7",),
        ),
    )
    result = Result("softmax", student, checks=checks, healed=(EVIL,), flags=("look",), **totals(checks))
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        graded.finish(connection, entry, attempts.find(connection, entry.attempt), result, "2027-01-01")
    return made.json()["id"]


def test_an_explanation_costs_a_token(stage, desk, browser):
    """Before: verdicts only. After a token: the mistake's sentence, where to look, the smallest case."""
    attempt = _with_result(stage, desk)
    page = browser.get(f"attempts/{attempt}")
    assert "5 tokens" in page.text
    for secret in ("It is wrong.", "Look at the axis.", "f(1)", "hidden seed"):
        assert secret not in page.text
        assert secret not in browser.get(f"attempts/{attempt}").text
    opened = browser.post(
        f"attempts/{attempt}/hints", data={"word": word_of(page), "task": "softmax_backward"}
    )
    for told in ("It is wrong.", "Look at the axis.", "f(1)"):
        assert told in opened.text
    assert "hidden seed" not in opened.text
    own = stage.student()
    assert own.get("api/units/softmax/attempts").json()["tokens"]["whole"] == 4
    assert own.get(f"api/attempts/{attempt}/result").json()["checks"][1]["mistake"] == "axis"
    assert stage.staff().get(f"api/attempts/{attempt}/result").json()["checks"][1]["notes"]


def test_the_fetched_feedback_is_no_way_around_the_tokens(stage, desk):
    """nbgrader's button gives the page as it may be seen now."""
    attempt = _with_result(stage, desk)
    own = stage.student()
    before = own.get(f"api/attempts/{attempt}/feedback").json()
    assert "axis" not in json.dumps(own.get(f"api/attempts/{attempt}/result").json()["checks"])
    assert own.post(f"api/attempts/{attempt}/hints/softmax_backward").json() == {"tokens": 4}
    after = own.get(f"api/attempts/{attempt}/feedback").json()
    assert before["name"] != after["name"]
    assert own.post(f"api/attempts/{attempt}/hints/nonsense").status_code == 404


def test_what_students_write_is_shown_as_text(stage, desk, browser):
    """Nothing that a student wrote runs on a page: it is escaped, and the policy allows no inline script."""
    attempt = _with_result(stage, desk, reason=EVIL)
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        for page in (staff.get(f"attempts/{attempt}"), staff.get("staff/softmax"), browser.get("")):
            assert "<script>alert" not in page.text
            assert "<img src=x" not in page.text
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert " style=" not in page.text
            assert " onclick" not in page.text


def test_handed_in_files_are_downloads(stage, desk):
    """A file that a student wrote is never shown inline on our origin."""
    body = files(softmax_ipynb=notebook(stage.course))
    body["files"].append({"path": "x.html", "content": "PHNjcmlwdD4="})
    attempt = stage.student().post("api/units/softmax/attempts", json=body).json()["id"]
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        answer = staff.get(f"attempts/{attempt}/files/x.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_students_see_no_staff_page_and_no_other_attempt(stage, desk, browser):
    """403 for staff's pages, 404 for what is another student's."""
    attempt = _with_result(stage, desk, "student-002")
    assert browser.get("staff").status_code == 403
    assert browser.get("staff/softmax").status_code == 403
    for path in ("", "/receipt.txt", "/files/softmax.ipynb"):
        assert browser.get(f"attempts/{attempt}{path}").status_code == 404
    word = word_of(browser.get(""))
    assert browser.post("staff/softmax/requeue", data={"word": word}).status_code == 403
    assert browser.post(f"attempts/{attempt}/hints", data={"word": word, "task": "a"}).status_code == 404


def test_staff_see_results_and_queue_again(stage, desk):
    """The table shows each student's mark; what has no score can be graded again."""
    _with_result(stage, desk)
    stage.student("student-002").post("api/units/softmax/attempts", json=files(softmax_ipynb=b"{}"))
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        queue.set_aside(connection, entry, "ValueError: grader.py does not load")
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        page = staff.get("staff/softmax")
        assert "1 without a score" in page.text
        assert "grader.py does not load" in page.text
        assert staff.get("staff/softmax", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
        after = staff.post("staff/softmax/requeue", data={"word": word_of(page)})
    assert "without a score" not in after.text
    assert "1 in line" in after.text


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_in_a_real_browser(chromium, stage, desk, scheme):
    """WCAG 2.1 AA, no sideways scrolling at 390 pixels, no errors, live results, all by keyboard."""
    configure(desk, course="late_days=2")
    attempt = _with_result(stage, desk)
    give(desk, attempt, 40.0, name="softmax_backward")
    extend(desk, LATE_DAY, "1")
    waiting = stage.student().post("api/units/softmax/attempts", json=files(softmax_ipynb=b"{}")).json()["id"]
    student, staff = (
        stage.hub.token("student-001", "nbgrader-course"),
        stage.hub.token("ta-1", "formgrade-course"),
    )
    errors: list[str] = []
    for who, paths in [
        (
            student,
            [
                "",
                "units/softmax",
                "units/softmax/late-day",
                f"attempts/{attempt}",
                f"attempts/{waiting}",
                "receipt",
                "x",
            ],
        ),
        (staff, ["staff", "staff/softmax", f"attempts/{attempt}"]),
    ]:
        stage.hub.next_login = who
        context = chromium.new_context(
            viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in paths:
            page.goto(stage.url + path)
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            found = Axe().run(page, options=WCAG)
            assert found.violations_count == 0, found.generate_report()
        context.close()
    stage.hub.next_login = student
    page = chromium.new_context().new_page()
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(f"{stage.url}attempts/{attempt}")
    button = page.get_by_role("button", name="Explain this task for a token")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Look at the axis.")).to_be_visible()
    page.goto(f"{stage.url}attempts/{waiting}")
    expect(page.get_by_text("Next in line")).to_be_visible()
    finish_next(desk)
    expect(page.locator("main").get_by_text("of 50 points")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("status")).to_contain_text("50 of 50 points")
    assert errors == []
    page.context.close()


def finish_next(desk, answers=None):
    """Grade what is next in line: all points, and whatever written answers there are."""
    check = Check("a", "softmax_forward", "Rows sum to one.", 50.0, 50.0, Verdict.PASSED)
    with desk.database.write() as connection:
        entry = queue.take(connection, "w", desk.seconds(), 20.0, 3)
        attempt = attempts.find(connection, entry.attempt)
        result = Result(
            "softmax", attempt.student, checks=(check,), answers=answers or {}, **totals((check,))
        )
        graded.finish(connection, entry, attempt, result, "2027-01-01")
