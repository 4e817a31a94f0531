"""The pages in a real browser: accessible, and without sideways scrolling on a phone."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from autograder.pages.feedback import feedback_page
from autograder.pages.report.page import report_page, unit_report
from autograder.results.disclosure import Shown
from tests.needs import WCAG
from tests.pages.report.classes import a_class

from .examples import COURSE, UNIT, flipped, marked

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A feedback page and a report as files."""
    folder = tmp_path_factory.mktemp("pages")
    healed = ("The locked cell `points-max_pool_forward` was edited; the released one was used.",)
    mark, result = marked(flipped(healed=healed))
    feedback = feedback_page(COURSE, UNIT, result, Shown(True, True, True), mark)
    report = report_page(
        COURSE, unit_report(COURSE, UNIT, map(marked, a_class())), datetime(2027, 1, 25, tzinfo=UTC)
    )
    for name, page in (("feedback", feedback), ("report", report)):
        (folder / f"{name}.html").write_text(page)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["feedback", "report"])
def test_the_page_is_accessible_and_fits_a_phone(chromium, pages, name, scheme):
    """No violation of WCAG 2.1 AA, no sideways scrolling at 390 pixels, no errors."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto((pages / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for closed in page.locator("details > summary").all():
        closed.click()
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    assert errors == []
    context.close()


def test_the_copy_button_works_under_the_policy(chromium, pages):
    """The one script that the policy allows adds a button that can be reached and pressed by keyboard."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto((pages / "feedback.html").as_uri())
    button = page.get_by_role("button", name="Copy this code").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Copied")
    assert "np.arange(9.0)" in page.evaluate("navigator.clipboard.readText()")
    assert errors == []
    context.close()
