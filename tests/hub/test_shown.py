"""Formgrader's page of a submission, on the server that shows it: bounded, from here, and always there."""

import re
import threading
import time

import pytest

from autograder.gradebook import Folders
from tests.gradebook.conftest import (  # noqa: F401 - two are fixtures
    booked,
    built,
    course,
    result,
    submission,
    write,
)
from tests.hub.strange_notebooks import HONEST, HOSTILE, png
from tests.hub.test_saving import formgrader  # noqa: F401 - a fixture

FIELDS = ('id="points-forward"', 'id="forward-comment"', 'id="why"', 'id="why-comment"')
FOREIGN = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


def rows(formgrader):  # noqa: F811
    """Keys of the submissions, by student."""
    answer = formgrader.get("/formgrader/api/submitted_notebooks/relu/relu")
    assert answer.status_code == 200, answer.text
    return {each["student"]: each["id"] for each in answer.json()}


def page(formgrader, row):  # noqa: F811
    """The page of a submission, on which a person can mark."""
    answer = formgrader.get(f"/formgrader/submissions/{row}/")
    assert answer.status_code == 200, answer.text[-2000:]
    assert [field for field in FIELDS if field not in answer.text] == []
    assert FOREIGN.search(answer.text) is None
    return answer


def test_an_honest_submission_looks_as_it_did(formgrader, course):  # noqa: F811
    """Pasted pictures, formulas, tables, colours and raw text; what is loaded comes from here."""
    path = write(submission(course, "student-007"), HONEST)
    booked(course, result("student-007"), path)
    found = rows(formgrader)
    answer = page(formgrader, found["student-007"])
    text = answer.text
    assert text.count(f"data:image/png;base64,{png()}") == 3
    assert "two (a picture that is not in the file)" in text
    for part in (
        "$\\hat{y}_1 = \\max(x, 0)$",
        "<table>",
        'class="ansi-red-fg"',
        "a &lt;raw&gt; note",
        "hl-ipython3",
    ):
        assert part in text, part
    assert "as it was typed" not in text
    (script,) = re.findall(r'src="([^"]*MathJax\.js[^"]*)"', text)
    mathjax = formgrader.get(script)
    assert mathjax.status_code == 200
    assert "javascript" in mathjax.headers["Content-Type"]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert formgrader.get("/formgrader/submissions/none/").status_code == 404
    moved = formgrader.get(f"/formgrader/submissions/{found['student-007']}", follow_redirects=False)
    assert moved.headers["Location"].endswith("/")


@pytest.mark.slow
def test_a_hostile_submission_can_be_read_and_marked(formgrader, course):  # noqa: F811
    """Whatever is in the file, the page comes, with fields to mark in; meanwhile others are answered."""
    students = {f"student-{number:03}": name for number, name in enumerate(HOSTILE, 101)}
    for student, name in students.items():
        begun = time.process_time()
        booked(course, result(student), write(submission(course, student), HOSTILE[name]))
        assert time.process_time() - begun < 15, f"{name}: projected in {time.process_time() - begun:.1f} s"
    found = rows(formgrader)
    waits = []

    def ask() -> None:
        while not done.wait(0.1):
            begun = time.monotonic()
            formgrader.get("/formgrader/api/status")
            waits.append(time.monotonic() - begun)

    done, pages = threading.Event(), {}
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for student, name in students.items():
            begun = time.monotonic()
            pages[name] = page(formgrader, found[student]).text
            print(f"{name}: {time.monotonic() - begun:.1f} s, {len(pages[name]):,} characters")
    finally:
        done.set()
        asking.join()
    assert max(waits) < 5, "drawing keeps others waiting"
    assert "shown as it was typed" in pages["many patterns"]
    assert "\\begin{a}" in pages["one pattern"]
    assert "\\ud83d alone, and \\x00 nothing" in pages["half characters"]
    assert "more cells are in the file" in pages["10,000 cells"]
    assert "more characters" in pages["long"]
    assert "An old title" in pages["format 3"]


@pytest.mark.slow
def test_the_buttons_keep_nobody_waiting(formgrader, course):  # noqa: F811
    """Feedback is made beside the server, by the template under which nothing runs or loads."""
    booked(course, result("student-007"), write(submission(course, "student-007"), HONEST))
    booked(
        course, result("student-008"), write(submission(course, "student-008"), HOSTILE["half characters"])
    )
    answer = formgrader.post("/formgrader/api/assignment/relu/generate_feedback").json()
    assert answer["success"], answer
    for student in ("student-001", "student-007", "student-008"):
        feedback = (Folders(course).root / "feedback" / student / "relu" / "relu.html").read_text()
        assert "Content-Security-Policy" in feedback
        assert FOREIGN.search(feedback) is None
        assert "<script" not in feedback
        assert len(feedback) < 400_000
    one = formgrader.post("/formgrader/api/assignment/none/student-001/generate_feedback").json()
    assert not one["success"]
    assert "none" in one["error"]
