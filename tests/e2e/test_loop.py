"""The whole loop by clicking: release, fetch, work, validate, submit, mark, feedback.

The tests are one story and run in the order of this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.simulation.solving import solved

UNIT = "conv_layer"


def test_an_instructor_releases_a_unit_in_formgrader(people: dict[str, Any]) -> None:
    """Generate and Release are two clicks in formgrader."""
    instructor = people["instructor"]
    page = instructor.open("/services/deep-learning/formgrader")
    row = page.locator("tr", has=page.get_by_text(UNIT, exact=True))
    row.locator(".glyphicon-education").click()
    _confirm(page)
    row = page.locator("tr", has=page.get_by_text(UNIT, exact=True))
    row.locator(".glyphicon-cloud-upload").click()
    _confirm(page)
    row.locator(".label-success", has_text="released").wait_for()
    instructor.shot("formgrader")


def test_a_student_fetches_it_in_jupyterlab(people: dict[str, Any]) -> None:
    """The released unit is in the assignment list, and Fetch brings its files."""
    student = people["student-001"]
    page = student.assignment_list()
    page.locator("#released_assignments_list button", has_text="Fetch").click()
    page.locator("#fetched_assignments_list button", has_text="Submit").wait_for()
    student.shot("assignment-list")
    assert _notebook(student).is_file()


def test_students_do_not_see_instructors_menus(people: dict[str, Any]) -> None:
    """Nbgrader's menu has the assignment list, and nothing for staff."""
    page = people["student-001"].page
    page.click("#jp-MainMenu >> text=Nbgrader")
    entries = page.locator(".lm-Menu .lm-Menu-itemLabel").all_text_contents()
    page.keyboard.press("Escape")
    assert "Assignment List" in entries
    assert not {"Formgrader", "Course List", "Create Assignment"} & set(entries)


def test_validate_says_what_the_public_checks_say(people: dict[str, Any]) -> None:
    """On the notebook as it was given every task is to do; on a solved one all is well."""
    student = people["student-001"]
    assert "NotImplementedError" in _validate(student)
    student.shot("validate")
    _dismiss(student.page)
    _solve(student)
    assert "Success" in _validate(student)
    _dismiss(student.page)


def test_a_check_in_the_notebook_answers(people: dict[str, Any]) -> None:
    """``grader.check`` runs in JupyterLab on the saved notebook."""
    student = people["student-001"]
    page = student.open(f"/user/student-001/lab/tree/deep-learning/{UNIT}/{UNIT}.ipynb")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("| Idle").wait_for(timeout=60_000)  # what is run before is lost
    page.locator(".jp-CodeCell", has_text="autograder.notebook_checks").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-CodeCell", has_text='grader.check("conv_output_size")').first.click()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("same loader as grading").first.wait_for()
    student.shot("notebook")


def test_a_submission_is_marked_within_seconds(people: dict[str, Any]) -> None:
    """Submit in JupyterLab; the mark, with all bonus points, is on the exchange's page soon after."""
    student = people["student-001"]
    page = student.assignment_list()
    page.locator("#fetched_assignments_list button", has_text="Submit").click()
    page.locator("#submitted_assignments_list").get_by_text(UNIT).first.wait_for()
    page = student.open(f"/services/exchange/units/{UNIT}")
    page.locator("table").get_by_text("counts", exact=True).wait_for(timeout=60_000)
    assert "100 + 20" in page.locator("table").inner_text()
    student.shot("unit", full_page=True)
    page.locator("a[href*='attempts/']").first.click()
    page.locator("h1", has_text="Attempt").wait_for()
    student.shot("attempt", full_page=True)


def test_students_are_kept_out_of_formgrader_and_staff_pages(people: dict[str, Any]) -> None:
    """Formgrader and the staff's list answer 403, and other people's servers are closed."""
    page = people["student-001"].page
    hub = people["student-001"].hub
    for path in ("/services/deep-learning/formgrader", "/services/exchange/staff", "/user/student-002/lab"):
        answer = page.goto(hub.url + path)
        assert answer.status in (403, 404), path


def test_a_ta_reads_and_releases_feedback(people: dict[str, Any]) -> None:
    """The submission is on the staff's page and in formgrader; feedback goes out by three clicks."""
    ta = people["ta-001"]
    page = ta.open("/services/exchange/staff")
    ta.shot("staff", full_page=True)
    page = ta.open(f"/services/exchange/staff/{UNIT}")
    page.get_by_text("student-001").first.wait_for()
    ta.shot("staff-unit", full_page=True)
    page = ta.open("/services/deep-learning/formgrader/gradebook/conv_layer/conv_layer")
    for _ in range(20):  # the publisher writes the gradebook in batches
        page.wait_for_timeout(3000)
        if page.get_by_text("Submission #").count():
            break
        page.reload()
    page.locator("table a", has_text="Submission #").first.click()
    page.locator("#notebook-container").first.wait_for()
    ta.shot("formgrader-submission")
    page = ta.open("/services/deep-learning/formgrader/manage_assignments")
    row = page.locator("tr", has=page.get_by_text(UNIT, exact=True))
    row.locator(".glyphicon-cloud-download").click()  # Collect: feedback is for what was collected
    _confirm(page)
    row.locator(".glyphicon-comment").click()
    _confirm(page)
    row.locator(".glyphicon-envelope").click()
    _confirm(page)


def test_a_submission_opens_on_a_disposable_server(people: dict[str, Any]) -> None:
    """A copy in JupyterLab whose server has no right in the course and sees neither course nor home."""
    ta = people["ta-001"]
    ta.open(f"/hub/notebooks/./autograded/student-001/{UNIT}/{UNIT}.ipynb")
    ta.page.locator(".jp-Notebook").wait_for(timeout=90_000)
    ta.shot("disposable")
    base = ta.page.url.split("/lab")[0]
    assert "/look-" in base
    names = ta.page.evaluate(
        """async base => {
            const word = document.cookie.split("; ").find(c => c.startsWith("_xsrf="))?.slice(6) ?? "";
            const answer = await fetch(base + "/api/contents", {headers: {"X-XSRFToken": word}});
            return (await answer.json()).content.map(item => item.name);
        }""",
        base,
    )
    assert names == [f"{UNIT}.ipynb"]


def test_the_student_reads_the_feedback(people: dict[str, Any]) -> None:
    """Fetch Feedback brings the page into the student's files."""
    student = people["student-001"]
    page = student.assignment_list()
    page.locator("#submitted_assignments_list").get_by_text(UNIT).first.wait_for()
    page.locator("#submitted_assignments_list button", has_text="Fetch Feedback").first.click()
    page.get_by_text("View Feedback").first.wait_for()
    student.shot("feedback-list")
    pages = list(student.home.rglob("feedback/**/*.html"))
    assert pages and "conv2d_forward" in pages[0].read_text(encoding="utf-8")


def _notebook(student: Any) -> Path:
    return student.home / "deep-learning" / UNIT / f"{UNIT}.ipynb"


def _solve(student: Any) -> None:
    """Fill the file as a good student would."""
    path, module = _notebook(student), (student.hub.course.root / "solutions" / f"{UNIT}.py").read_text()
    path.write_text(json.dumps(solved(json.loads(path.read_text()), module)))


def _validate(student: Any) -> str:
    """Press Validate for the fetched notebook; the text of the dialog."""
    page = student.assignment_list()
    page.locator(
        "#fetched_assignments_list .collapsed, #fetched_assignments_list a", has_text=UNIT
    ).first.click()
    page.locator("#fetched_assignments_list button", has_text="Validate").first.click()
    dialog = page.locator(".jp-Dialog-content")
    dialog.wait_for()
    return dialog.inner_text()


def _dismiss(page: Any) -> None:
    page.locator(".jp-Dialog-footer button").last.click()


def _confirm(page: Any) -> None:
    """nbgrader's dialog after an action: it must not be an error."""
    dialog = page.locator(".modal.in, .modal.show")
    dialog.wait_for()
    text = dialog.inner_text()
    assert "Success" in text, text
    dialog.locator("button", has_text="OK").click() if dialog.locator("button", has_text="OK").count() else (
        dialog.locator("button").last.click()
    )
    dialog.wait_for(state="hidden")
