"""The whole loop by clicking: release, fetch, work, validate, submit, mark, feedback.

The tests are one story and run in the order of this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.demo.solving import solved
from tests.e2e.people import confirm, released, typed

UNIT = "conv_layer"
QUESTION = "own_kernels"  # the written answer, which a person marks
ANSWER = (
    "Her layer has many more weights than mine, so it overfits."  # the docs show it: it gives little away
)
COMMENT = "Why does it? Follow the gradient of one weight."


def test_an_instructor_releases_a_unit_in_formgrader(people: dict[str, Any]) -> None:
    """Generate and Release are two clicks in formgrader."""
    instructor = people["instructor"]
    released(instructor, "deep-learning", UNIT)
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
    """On the notebook as it was given every task is to do; on a solved one only the written answer."""
    student = people["student-001"]
    assert "NotImplementedError" in _validate(student)
    student.shot("validate")
    _dismiss(student.page)
    _solve(student)
    said = _validate(student)
    assert "did not provide a response" in said
    assert "NotImplementedError" not in said
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


def test_a_written_question_is_answered_in_the_notebook(people: dict[str, Any]) -> None:
    """Double-click the text cell, type, save; then Validate has nothing left to say."""
    student = people["student-001"]
    page = student.page
    cell = page.locator(".jp-MarkdownCell", has_text="write your answer in place of this line")
    cell.locator(".jp-MarkdownOutput").dblclick()
    cell.locator(".cm-content").click()
    page.locator(".jp-Notebook.jp-mod-editMode").wait_for()  # before that, letters are commands
    page.keyboard.press("Control+A")
    page.keyboard.type(ANSWER)
    student.shot("answer")
    page.keyboard.press("Control+S")
    for _ in range(50):
        if ANSWER in _notebook(student).read_text(encoding="utf-8"):
            break
        page.wait_for_timeout(200)
    assert "Success" in _validate(student)
    _dismiss(student.page)


def test_a_submission_is_marked_within_seconds(people: dict[str, Any]) -> None:
    """Submit in JupyterLab; the mark, with all bonus points, is on the exchange's page soon after.

    The written answer is not in it, and the page says that it waits for a person.
    """
    student = people["student-001"]
    page = student.assignment_list()
    page.locator("#fetched_assignments_list button", has_text="Submit").click()
    _agree(page)
    page.locator("#submitted_assignments_list").get_by_text(UNIT).first.wait_for()
    page = student.open(f"/services/exchange/units/{UNIT}")
    page.locator("table").get_by_text("counts", exact=True).wait_for(timeout=60_000)
    assert "100 of 104, and 20 bonus on top" in page.locator("table").inner_text()
    student.shot("unit", full_page=True)
    page.locator("a[href*='attempts/']").first.click()
    page.locator("h1", has_text="Attempt").wait_for()
    assert "waits for a person" in page.locator("section", has_text=QUESTION).inner_text()
    student.shot("attempt", full_page=True)


def test_students_are_kept_out_of_formgrader_and_staff_pages(people: dict[str, Any]) -> None:
    """Formgrader and the staff's list answer 403, and other people's servers are closed."""
    page = people["student-001"].page
    hub = people["student-001"].hub
    for path in ("/services/deep-learning/formgrader", "/services/exchange/staff", "/user/student-002/lab"):
        answer = page.goto(hub.url + path)
        assert answer.status in (403, 404), path


def test_a_ta_finds_the_submission_and_the_marking_guide(people: dict[str, Any]) -> None:
    """Both are on the staff's page of the unit, and a link leads on to formgrader."""
    ta = people["ta-001"]
    ta.open("/services/exchange/staff")
    ta.shot("staff", full_page=True)
    page = ta.open(f"/services/exchange/staff/{UNIT}")
    page.get_by_text("student-001").first.wait_for()
    ta.shot("staff-unit", full_page=True)
    page.get_by_role("link", name="Marking guide").click()
    assert "9216" in page.locator("section", has_text=QUESTION).inner_text()
    ta.shot("marking-guide", full_page=True)
    page.get_by_role("link", name="Mark in formgrader").click()
    page.wait_for_url(f"**/formgrader/gradebook/{UNIT}/{UNIT}")


def test_a_ta_marks_the_written_answer_in_formgrader(people: dict[str, Any]) -> None:
    """Points and a comment are typed beside the answer; formgrader keeps them, and no other mark moves."""
    ta = people["ta-001"]
    assert _waits(_submissions(ta))
    page = _marking(ta)
    before = _scores(page)
    assert before.pop(QUESTION) == ""
    cell = _written(page)
    assert ANSWER in cell.inner_text()
    typed(page, cell.locator("input.score"), "1.5", "/api/grade/")
    typed(page, cell.locator("textarea"), COMMENT, "/api/comment/")
    assert not _waits(_submissions(ta))
    page = _marking(ta)
    after = _scores(page)
    assert after.pop(QUESTION) == "1.5"
    assert after == before
    assert _written(page).locator("textarea").input_value() == COMMENT
    _written(page).evaluate("cell => cell.scrollIntoView({block: 'center'})")
    ta.shot("marking")


def test_a_regrade_keeps_the_manual_mark(people: dict[str, Any]) -> None:
    """Collect and Autograde in formgrader: the same submission again, with the same marks and comment."""
    ta = people["ta-001"]
    before = _scores(_marking(ta))
    page = ta.open("/services/deep-learning/formgrader/manage_assignments")
    row = page.locator("tr", has=page.get_by_text(UNIT, exact=True))
    row.locator(".glyphicon-cloud-download").click()
    confirm(page)
    page = ta.open(f"/services/deep-learning/formgrader/manage_submissions/{UNIT}")
    page.locator("tr", has_text="student-001").locator(".glyphicon-flash").click()
    confirm(page)
    page = _marking(ta)
    assert _scores(page) == before
    assert _written(page).locator("textarea").input_value() == COMMENT
    assert not _waits(_submissions(ta)), "an answer that was marked asks for no second look"


def test_an_instructor_releases_feedback(people: dict[str, Any]) -> None:
    """Feedback for what was collected goes out by two clicks; a TA is told who may do the second."""
    for name in ("ta-001", "instructor"):
        page = people[name].open("/services/deep-learning/formgrader/manage_assignments")
        row = page.locator("tr", has=page.get_by_text(UNIT, exact=True))
        if name == "ta-001":
            row.locator(".glyphicon-comment").click()
            confirm(page)
            row.locator(".glyphicon-envelope").click()
            page.get_by_text("Only instructors may hand out comments and feedback.").wait_for()
            page.get_by_text("Ask one of them: instructor.").wait_for()
            people[name].shot("feedback-refused")
        else:
            row.locator(".glyphicon-envelope").click()
            confirm(page)


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
    """Fetch Feedback brings the page into the student's files, with the person's points and comment."""
    student = people["student-001"]
    page = student.assignment_list()
    page.locator("#submitted_assignments_list").get_by_text(UNIT).first.wait_for()
    page.locator("#submitted_assignments_list button", has_text="Fetch Feedback").first.click()
    page.get_by_text("View Feedback").first.wait_for()
    student.shot("feedback-list")
    pages = list(student.home.rglob("feedback/**/*.html"))
    assert pages and "conv2d_forward" in pages[0].read_text(encoding="utf-8")
    page = student.open(f"/user/student-001/files/{pages[0].relative_to(student.home).as_posix()}")
    assert "Written response (Score: 1.5 / 4.0)" in page.locator("#toc").inner_text()
    page.get_by_role("link", name="Written response").click()
    page.get_by_text(COMMENT).scroll_into_view_if_needed()
    student.shot("feedback")
    page = student.open(f"/services/exchange/units/{UNIT}")
    page.locator("a[href*='attempts/']").first.click()
    assert "see the feedback" in page.locator("section", has_text=QUESTION).inner_text()


def _notebook(student: Any) -> Path:
    return student.home / "deep-learning" / UNIT / f"{UNIT}.ipynb"


def _solve(student: Any) -> None:
    """Fill the file as a good student would."""
    path, module = _notebook(student), (student.hub.course.root / "solutions" / f"{UNIT}.py").read_text()
    path.write_text(json.dumps(solved(json.loads(path.read_text()), module)))


def _submissions(ta: Any) -> Any:
    """Formgrader's list of submissions, once the publisher has written the one: it does so in batches."""
    page = ta.open(f"/services/deep-learning/formgrader/gradebook/{UNIT}/{UNIT}")
    for _ in range(20):
        page.wait_for_load_state("networkidle")
        if page.get_by_text("Submission #").count():
            break
        page.wait_for_timeout(3000)
        page.reload()
    return page


def _waits(page: Any) -> bool:
    """Whether that list says that a person has to mark the one submission."""
    return bool(page.locator("td.needs-manual-grade .glyphicon").count())


def _marking(ta: Any) -> Any:
    """The page on which the one submission is marked."""
    page = _submissions(ta)
    page.locator("table a", has_text="Submission #").first.click()
    page.locator("#notebook-container").first.wait_for()
    page.wait_for_load_state("networkidle")  # the marks come by requests of their own
    return page


def _written(page: Any) -> Any:
    """The written answer with its place for points and a comment."""
    return page.locator(".nbgrader_cell", has=page.locator(f"#{QUESTION}"))


def _scores(page: Any) -> dict[str, str]:
    """What stands in formgrader's fields for points."""
    fields = page.locator("input.score").all()
    return {field.get_attribute("id"): field.input_value() for field in fields}


def _validate(student: Any) -> str:
    """Press Validate for the fetched notebook; the text of the dialog."""
    page = student.assignment_list()
    button = page.locator("#fetched_assignments_list button", has_text="Validate").first
    if not button.is_visible():
        page.locator("#fetched_assignments_list a", has_text=UNIT).first.click()
    button.click()
    dialog = page.locator(".jp-Dialog-content")
    dialog.wait_for()
    return dialog.inner_text()


def _agree(page: Any) -> None:
    """To the dialogs before and after handing in."""
    dialog = page.locator("dialog.jp-Dialog")
    dialog.wait_for()
    if dialog.get_by_text("not saved").count():
        dialog.get_by_role("button", name="Submit what is saved").click()
    dialog.get_by_role("button", name="Submit", exact=True).click()
    dialog.get_by_text("Handed in: attempt 1").wait_for()
    dialog.get_by_role("button", name="Close").click()


def _dismiss(page: Any) -> None:
    page.locator(".jp-Dialog-footer button").last.click()
