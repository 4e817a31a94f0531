"""Before anything is handed in, the page says what preflight would; it reads, and runs nothing."""

import json
import re

import pytest

from .facts import ago, configure
from .stage import files, notebook
from .test_pages import hand_in, logged_in

TASK = "softmax_forward"


@pytest.fixture
def browser(stage):
    """A student's browser that is logged in."""
    with logged_in(stage, "student-001", "nbgrader-course") as found:
        yield found


def test_the_upload_page_says_what_preflight_says_and_runs_nothing(stage, browser, tmp_path):
    """A syntax error and what it costs, commands that grading leaves out; handing in stays possible."""
    content = json.loads(notebook(stage.course))
    ran = tmp_path / "ran"
    own = f"!pip install x\nopen({str(ran)!r}, 'w').close()"
    content["cells"].insert(1, {"cell_type": "code", "metadata": {}, "source": own, "outputs": []})
    task = next(c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == TASK)
    task["source"] += "\ndef broken(:\n"
    look, page = hand_in(stage, browser, json.dumps(content).encode())
    assert "Would be lost" in look.text
    assert f"so {TASK} cannot be graded" in look.text
    assert "<code>!pip install x</code> is a notebook command, not Python" in look.text
    assert not ran.exists()
    assert "Attempt 1" in page.text


def test_what_python_cannot_read_ends_no_service(stage, browser):
    """A nesting that would end a parser is read in a process of its own; the file can be handed in."""
    content = json.loads(notebook(stage.course))
    task = next(c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == TASK)
    task["source"] = f"x = {'(' * 90_000}{')' * 90_000}"
    look, page = hand_in(stage, browser, json.dumps(content).encode())
    assert "Would be lost" in look.text or "Not looked at closely" in look.text
    assert "Attempt 1" in page.text


def test_lateness_is_told_before_handing_in(stage, desk, browser):
    """On the unit's page and beside the button, with what it costs; never a reason not to hand in."""
    configure(desk, due=ago(desk, days=1))
    said = "Your due date is over: what you hand in now loses"
    assert said in browser.get("units/softmax").text
    look, page = hand_in(stage, browser, notebook(stage.course))
    assert said in look.text
    assert "Attempt 1" in page.text


def test_programs_read_the_same_as_the_page(stage, desk, browser):
    """JupyterLab's Submit asks by JSON: the same words, and the student's date; nothing is kept."""
    configure(desk, due=ago(desk, days=1))
    content = json.loads(notebook(stage.course))
    task = next(c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == TASK)
    task["source"] += "\ndef broken(:\n"
    student = stage.student()
    found = student.post(
        "api/units/softmax/look", json=files(softmax_ipynb=json.dumps(content).encode())
    ).json()
    page, _ = hand_in(stage, browser, json.dumps(content).encode())
    assert found["costs"] and found["warning"] in page.text
    assert [part["title"] for part in found["parts"]] == re.findall(
        r"<h2 id=\"look-\d+\">([^<]+)</h2>", page.text
    )
    assert f"so {TASK} cannot be graded" in found["parts"][0]["lines"][0]
    assert found["notebook"] == "softmax.ipynb" and found["due"]
    other = stage.student("student-002")
    right = other.post("api/units/softmax/look", json=files(softmax_ipynb=notebook(stage.course))).json()
    assert [part["title"] for part in right["parts"]] == ["All tasks are there"]
    assert other.get("api/units/softmax/attempts").json()["attempts"] == []


def test_what_is_no_notebook_is_said_and_not_refused(stage):
    """It warns and never blocks; without any notebook there is nothing to look at."""
    student = stage.student()
    found = student.post("api/units/softmax/look", json=files(softmax_ipynb=b"\x89PNG"))
    assert found.status_code == 200
    assert (
        found.json()["costs"] and found.json()["parts"][0]["title"] == "The file cannot be read as a notebook"
    )
    assert student.post("api/units/softmax/look", json={"files": []}).status_code == 422
