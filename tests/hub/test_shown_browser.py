"""Formgrader's page of a submission in a real browser: formulas, pictures and fields, all from here."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.gradebook.conftest import (  # noqa: F401 - two are fixtures
    booked,
    built,
    course,
    mark_of,
    result,
    submission,
    write,
)
from tests.hub.strange_notebooks import HONEST
from tests.hub.test_saving import TOKEN, formgrader  # noqa: F401 - a fixture
from tests.hub.test_shown import rows

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_formulas_pictures_and_fields_come_from_this_machine(chromium, formgrader, course, tmp_path):  # noqa: F811
    """MathJax sets formulas, pasted pictures are seen, points are saved; nothing is asked of anybody else."""
    booked(course, result("student-007"), write(submission(course, "student-007"), HONEST))
    address = f"/formgrader/submissions/{rows(formgrader)['student-007']}/"
    context = chromium.new_context(extra_http_headers={"Authorization": f"token {TOKEN}"})
    page = context.new_page()
    asked, errors = set(), []
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(str(formgrader.base_url.join(address)))
    formula = page.locator(".nbgrader_cell .MathJax").first
    expect(formula).to_be_visible(timeout=60_000)
    expect(page.locator("#mark-of-record")).to_contain_text("Mark:", timeout=30_000)
    mine = page.get_by_alt_text("mine")
    assert mine.evaluate("picture => picture.naturalWidth") == 30
    field = page.locator("#why")
    field.fill("7")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        field.blur()
    assert saved.value.ok
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert asked <= {"127.0.0.1", None, ""}, asked
    assert [each for each in errors if "about:blank" not in each] == []  # how MathJax asks for no font
    assert mark_of(course, "student-007").points == 107.0
    context.close()
