"""Written answers on the pages: what the student is told, and what staff mark by."""

import json
import re

import pytest

from autograder.unit.release import build, publish
from tests.support import place

from .facts import give
from .stage import files, notebook, packed
from .test_pages import finish_next, hand_in, logged_in

QUESTION = (
    '\n# %% [markdown] written="why" points=4\n# *Your answer.*\n'
    "\n# %% [markdown] instructor=True\n# **Two points** for the *shift*, two for <b>why</b>.\n"
)


@pytest.fixture
def course(course):
    """The small course with a written question and its marking guide."""
    unit = course.units[0]
    unit.master.write_text(unit.master.read_text() + QUESTION)
    publish(course, unit, build(course, unit))
    return course


def answered(course, text):
    """The solved notebook with an answer to the written question."""
    content = json.loads(notebook(course))
    content["cells"][place(content, "why")]["source"] = text
    return json.dumps(content).encode()


def test_a_student_is_told_what_waits_for_a_person(stage, desk):
    """Graded by the checks, the answer still waits; the points that a person may give are named."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        _, page = hand_in(stage, browser, answered(stage.course, "A shift cancels."))
        assert "waits for a person" not in page.text  # nothing is graded yet
        finish_next(desk)
        page = browser.get(str(page.url))
    assert "waits for a person" in page.text
    assert "up to 4 points more" in page.text


def test_points_of_a_person_are_on_every_page_at_once(stage, desk):
    """The answer's points are in the mark, and no button needs to be pressed for it."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        _, page = hand_in(stage, browser, answered(stage.course, "A shift cancels."))
        attempt = page.url.path.rpartition("/")[2]
        finish_next(desk, answers={"why": "digest"})
        record = stage.student().get("api/units/softmax/attempts").json()["record"]
        assert (record["points"], record["out_of"], record["waits"]) == (50.0, 54.0, True)
        assert "4 points more wait for a person" in browser.get("units/softmax").text
        give(desk, attempt, 3.0, name="why", answer="digest")
        record = stage.student().get("api/units/softmax/attempts").json()["record"]
        assert (record["points"], record["out_of"], record["waits"]) == (53.0, 54.0, False)
        page = browser.get(str(page.url))
    assert "3 by hand" in page.text
    assert "waits for a person" not in page.text


@pytest.mark.parametrize("text", ["*Your answer.*", " \n"])
def test_a_question_without_an_answer_is_named(stage, desk, text):
    """Before handing in and afterwards; a notebook in which nothing else is missing is not called whole."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        look, page = hand_in(stage, browser, answered(stage.course, text))
        finish_next(desk, answers={"why": ""})
        page = browser.get(str(page.url))
    assert "Not answered" in look.text
    assert "All tasks are there" not in look.text
    assert "not answered" in page.text


def test_an_answer_completes_the_notebook(stage):
    """Nothing is left to say once the question is answered."""
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        look, _ = hand_in(stage, browser, answered(stage.course, "A shift cancels."))
    assert "All tasks are there" in look.text


def test_a_file_that_is_no_notebook_is_shown_as_any_other(stage, desk):
    """Nothing was noted of its answers, so that they wait for a person, as in the mark."""
    made = stage.student().post("api/units/softmax/attempts", json=files(softmax_ipynb=b"%PDF"))
    finish_next(desk)
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert "waits for a person" in browser.get(f"attempts/{made.json()['id']}").text


def test_feedback_that_staff_released_is_on_the_page(stage, desk):
    """Points and comments of a person reach students off the hub, and nobody else."""
    made = stage.student().post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=answered(stage.course, "A shift cancels."))
    )
    path = f"attempts/{made.json()['id']}"
    finish_next(desk)
    page = packed("softmax.html", b"<p>3 of 4: say why.</p>")
    stage.instructor().put(f"api/{path}/feedback", json={"files": [page]}).raise_for_status()
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert f'href="/services/exchange/{path}/feedback/softmax.html"' in browser.get(path).text
        assert "see the feedback" in browser.get(path).text
        answer = browser.get(f"{path}/feedback/softmax.html")
        assert b"3 of 4: say why." in answer.content
        assert answer.headers["content-disposition"].startswith("attachment")
        assert browser.get(f"{path}/feedback/other.html").status_code == 404
    with logged_in(stage, "student-002", "nbgrader-course") as other:
        assert other.get(f"{path}/feedback/softmax.html").status_code == 404


def test_the_marking_guide_is_for_staff(stage):
    """A link on the staff's page leads to it; students get neither the page nor the text."""
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        page = staff.get("staff/softmax").text
        guide = staff.get("staff/softmax/guide").text
    assert 'href="/services/exchange/staff/softmax/guide"' in page
    assert re.search('href="[^"]*/services/course/formgrader/gradebook/softmax/softmax"', page)
    assert "<strong>Two points</strong> for the <em>shift</em>" in guide
    assert "<b>" not in guide  # what an instructor wrote is shown as text, too
    with logged_in(stage, "student-001", "nbgrader-course") as browser:
        assert browser.get("staff/softmax/guide").status_code == 403
    released = [path.read_text() for path in stage.course.units[0].release.rglob("*") if path.is_file()]
    assert not [text for text in released if "Two points" in text]


def test_a_question_without_a_guide_says_where_one_belongs(stage):
    """The page stands all the same, and tells the next step."""
    master = stage.course.units[0].master
    master.write_text(master.read_text().replace(" instructor=True", ""))
    with logged_in(stage, "ta-1", "formgrade-course") as staff:
        assert "directly below the question" in staff.get("staff/softmax/guide").text
