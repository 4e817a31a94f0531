"""Submit in JupyterLab, from a notebook and from nbgrader's list, to the mark.

What is not saved is named, what preflight finds is said, and the mark comes without a reload. The tests are
one story of one student and run in the order of this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import SHOTS
from tests.e2e.lab import SOON, Classroom, LabVisitor
from tests.e2e.strangers import UNIT
from tests.waiting import until


@pytest.fixture(scope="module")
def student(classroom: Classroom, chromium: Any) -> Iterator[LabVisitor]:
    """A student whose server is up."""
    classroom.start_server("student-001", "small")
    visitor = LabVisitor(chromium, classroom, "student-001", SHOTS)
    yield visitor
    visitor.page.context.close()


def test_our_part_is_loaded_without_a_word(student: LabVisitor) -> None:
    """All that it needs is shared; where a package is not, it says which, and what to do."""
    page = student.notebook()
    expect(student.submit()).to_be_visible(timeout=SOON)
    assert student.said == [], "\n".join(student.said)
    said = page.evaluate(
        """async () => {
            const ours = window._JUPYTERLAB["course-tools"];
            ours.init({});
            try { await ours.get("./extension"); } catch (error) { return error.message; }
        }"""
    )
    assert "does not share @jupyterlab/apputils" in said and "constraints.txt" in said


def test_submit_names_what_is_not_saved_and_what_would_be_lost(student: LabVisitor) -> None:
    """The notebook by its name; then the tasks that are not written, and that nothing is handed in yet."""
    student.write("windows", "dense_forward")
    student.notebook()
    student.types("# typed, and not saved")
    student.submit().click()
    expect(student.dialog).to_contain_text("One file is not saved:")
    expect(student.dialog).to_contain_text("little.ipynb")
    expect(student.choice("Save and submit")).to_be_focused()
    student.finds_it_accessible()
    student.shot("lab-not-saved")
    student.choice("Submit what is saved").click()
    expect(student.dialog).to_contain_text("Not written yet", timeout=SOON)
    assert "typed, and not saved" not in student.saved
    missing = student.dialog.locator("section", has_text="Not written yet").inner_text()
    assert "dense_backward" in missing and "dense_forward" not in missing
    text = student.dialog.inner_text()
    assert "Nothing is handed in yet" in text and "1 January 2030" in text
    student.finds_it_accessible()
    student.shot("lab-look")
    student.choice("Cancel").click()
    expect(student.dialog).to_be_hidden()
    assert student.hub.exchange(student.name).attempts(UNIT) == []


def test_from_submit_to_the_mark_there_is_no_reload(student: LabVisitor) -> None:
    """Saved, looked at, handed in, marked: by the keyboard alone, on one page, with a link to the result."""
    page = student.page
    page.evaluate("window.sameDocument = true")
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Submit")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Submit").wait_for()
    page.keyboard.press("Enter")
    expect(student.choice("Save and submit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(student.dialog).to_contain_text("Not written yet", timeout=SOON)
    assert "typed, and not saved" in student.saved
    expect(student.choice("Submit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(student.dialog).to_contain_text("Handed in: attempt 1", timeout=SOON)
    expect(student.dialog.get_by_role("status")).to_have_text(
        re.compile(r"^Mark: [\d.]+ of 100 points\.$"), timeout=SOON
    )
    student.finds_it_accessible()
    student.shot("lab-mark")
    (attempt,) = student.hub.exchange(student.name).attempts(UNIT)
    assert f"Mark: {attempt['mark']:g} of 100 points." in student.dialog.inner_text()
    assert page.evaluate("window.sameDocument")
    receipt = re.search(r"Your receipt: ~/(\S+)", student.dialog.inner_text())[1]
    assert (student.home / receipt).read_text().count(".") == 1
    with page.context.expect_page() as opened:
        student.dialog.get_by_role("link", name="See the result on the exchange").click()
    expect(opened.value.locator("h1")).to_have_text("Attempt 1", timeout=SOON)
    opened.value.close()
    page.keyboard.press("Escape")
    expect(student.dialog).to_be_hidden()


def test_nothing_to_say_is_said_once(student: LabVisitor) -> None:
    """Whoever chose to save and submit is not asked again where nothing would be lost."""
    student.write()
    page = student.notebook()
    student.types("# once more")
    student.submit().click()
    student.choice("Save and submit").click()
    expect(student.dialog).to_contain_text("Handed in: attempt 2", timeout=SOON)
    student.choice("Close").click()
    toast = page.locator(".jp-toast-message, .Toastify__toast", has_text="attempt 2")
    expect(toast.first).to_contain_text("Mark: 100 of 100 points.", timeout=SOON)
    student.shot("lab-notification")


def test_submit_in_nbgraders_list_asks_the_same(student: LabVisitor) -> None:
    """Its button, our dialogs; then the list shows the attempt, and works as before."""
    student.write("windows")
    page = student.notebook()
    student.types("# from the list")
    row = student.row_of(UNIT)
    asked = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/assignments/submit" in request.url else None
    )
    row.get_by_role("button", name="Submit").click(timeout=SOON)
    expect(student.dialog).to_contain_text("One file is not saved:")
    student.shot("lab-list")
    student.choice("Save and submit").click()
    expect(student.dialog).to_contain_text("Not written yet", timeout=SOON)
    student.choice("Cancel").click()
    row.get_by_role("button", name="Submit").click()
    student.choice("Submit").click()
    expect(student.dialog.get_by_role("status")).to_contain_text("Mark: ", timeout=SOON)
    student.choice("Close").click()
    lines = page.locator("#submitted_assignments_list").get_by_text(re.compile(r"^20\d\d-.* UTC"))
    expect(lines).to_have_count(len(student.hub.exchange(student.name).attempts(UNIT)), timeout=SOON)
    assert asked == [], "nbgrader's own handler was not asked too"


def test_what_is_not_recognised_is_left_to_nbgrader(student: LabVisitor) -> None:
    """A row of another form still hands in, by nbgrader's own handler."""
    page = student.page
    row = page.locator("#fetched_assignments_list > .list_item", has_text=UNIT)
    exchange = student.hub.exchange(student.name)
    before = len(exchange.attempts(UNIT))
    row.locator(".item_name").first.evaluate("name => name.classList.remove('item_name')")
    with page.expect_response(lambda answer: "/assignments/submit" in answer.url) as answer:
        row.get_by_role("button", name="Submit").click()
    assert answer.value.ok
    expect(student.dialog).to_be_hidden()
    until(lambda: len(exchange.attempts(UNIT)) == before + 1, "another attempt")


def test_an_exchange_that_is_away_is_said_and_loses_nothing(student: LabVisitor) -> None:
    """What cannot be looked at can be handed in; what was not handed in is said so."""
    page = student.notebook()
    for path in ("look", "submit"):
        said = json.dumps({"message": f"The exchange does not answer ({path}).", "sure": False})
        refuse = partial(Route.fulfill, status=409, body=said, content_type="application/json")
        page.route(f"**/course-tools/{path}/**", lambda route, _=None, refuse=refuse: refuse(route))
    student.submit().click()
    if student.choice("Submit what is saved").count():
        student.choice("Submit what is saved").click()
    expect(student.dialog).to_contain_text("It was not looked at: The exchange does not answer (look).")
    expect(student.dialog).to_contain_text("You can submit all the same.")
    student.choice("Submit").click()
    expect(student.dialog).to_contain_text(
        "not known whether it was handed in: The exchange does not answer (submit)."
    )
    link = student.dialog.get_by_role("link", name="See your attempts on the exchange")
    assert link.get_attribute("href").endswith(f"/services/exchange/units/{UNIT}")
    student.shot("lab-not-handed-in")
    student.choice("Close").click()
    page.unroute_all()


def test_other_notebooks_have_no_submit(student: LabVisitor) -> None:
    """It belongs to the notebooks of released units."""
    (student.home / "own.ipynb").write_text(student.saved)
    page = student.open(f"/user/{student.name}/lab/tree/own.ipynb")
    page.locator(".jp-Notebook:visible").wait_for(timeout=SOON)
    page.get_by_role("button", name="Validate").first.wait_for()
    expect(student.submit()).to_be_hidden()


def test_the_dark_theme_is_followed(student: LabVisitor) -> None:
    """Colours are the theme's: the dialog passes the same rules in dark."""
    page = student.notebook()
    page.click("#jp-MainMenu >> text=Settings")
    page.click(".lm-Menu >> text=Theme")
    page.click(".lm-Menu >> text=JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", "JupyterLab Dark")
    student.write("windows")
    student.submit().click()
    if student.choice("Submit what is saved").count():
        student.choice("Submit what is saved").click()
    expect(student.dialog.locator("h3").first).to_be_visible(timeout=SOON)
    student.finds_it_accessible()
    student.shot("lab-dark")
    student.choice("Cancel").click()
