"""nbgrader's own commands, run as its users run them."""

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pytest

from autograder.course import load_course
from autograder.gradebook import Folders, ensure_assignment
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from tests.booked import read_booked

from .conftest import STUB, book, booked, caught_up, graded, result, submission

ROOT = Path(__file__).parents[2]
FAKE_GRADER = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

Path("asked").write_text(" ".join(sys.argv[1:]))
"""
MARKS = """
select submitted_assignment.student_id, base_cell.name, grade.auto_score, grade.manual_score,
       grade.extra_credit, grade.needs_manual_grade, submitted_notebook.late_submission_penalty,
       submitted_assignment.timestamp
from grade join base_cell on grade.cell_id = base_cell.id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
order by 1, 2
"""
COMMENTS = """
select submitted_assignment.student_id, base_cell.name, comment.auto_comment, comment.manual_comment
from comment join base_cell on comment.cell_id = base_cell.id
join submitted_notebook on comment.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
order by 1, 2
"""


def nbgrader(folder, *words):
    """Run one nbgrader command in a folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(folder / "none"),
    }
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def configure(course):
    """Our nbgrader_config.py, with a grader that only notes that it was asked."""
    shutil.copy(ROOT / "nbgrader_config.py", course.root)
    (course.root / "grader.py").write_text(FAKE_GRADER)
    words = [sys.executable, str(course.root / "grader.py")]
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.HealingExporter.command = {words!r}\n")


def rows(course, query):
    """Rows of the gradebook, without nbgrader."""
    database = sqlite3.connect(course.data_folder / "gradebook.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def read_pages(course):
    """The notebooks that formgrader shows, by path."""
    found = (Folders(course).root / "autograded").rglob("*.ipynb")
    return {str(path): nbformat.read(path, as_version=4) for path in found}


def a_class(course):
    """Submissions and results of every kind, as pairs."""
    late = "2027-01-18T13:00:00+00:00"
    solved = "def forward(x):\n    return x.clip(0)"
    pairs = [
        (
            result("student-001"),
            submission(course, "student-001", forward=solved, why="Because of the kink."),
        ),
        (
            result("student-002", Verdict.FAILED, Verdict.BLOCKED),
            submission(course, "student-002", forward=solved),
        ),
        (result("student-003", submitted=late), submission(course, "student-003", forward=solved)),
        (result("student-004", *[Verdict.ERROR] * 4), submission(course, "student-004")),
    ]
    pairs[3][1].write_text('{"cells": [')
    (Folders(course).submitted / "student-003/relu/timestamp.txt").write_text("2027-01-18 13:00:00 UTC\n")
    for each, path in pairs:
        graded(course, each, path)
    return pairs


@pytest.mark.slow
def test_both_ways_leave_the_same_rows(course):
    """'nbgrader autograde' with our configuration gives the marks and comments of 'course grade'."""
    unit = course.unit("relu")
    configure(course)
    a_class(course)
    assert caught_up(course) == []
    expected = rows(course, MARKS), rows(course, COMMENTS)
    folders = Folders(course)
    pages = read_pages(course)
    shutil.rmtree(folders.root / "autograded")
    (course.data_folder / "gradebook.db").unlink()
    ensure_assignment(course, unit)
    done = nbgrader(course.root, "autograde", "relu")
    assert done.returncode == 0, done.stderr
    assert (rows(course, MARKS), rows(course, COMMENTS)) == expected
    assert [row[2] for row in expected[0] if row[:2] == ("student-002", "points-forward")] == [0.0]
    assert [row[6] for row in expected[0] if row[0] == "student-003"] == [20.0] * 3
    assert (course.root / "asked").read_text().startswith("grade relu ")
    assert read_pages(course) == pages


@pytest.mark.slow
def test_broken_and_ungraded_submissions_get_no_score(course):
    """A fault of ours, or a missing result, drops that submission only, and the exit code says so."""
    unit = course.unit("relu")
    configure(course)
    ensure_assignment(course, unit)
    for student in ("student-001", "student-002", "student-003"):
        submission(course, student)
    graded(course, result("student-001"))
    graded(course, result("student-002", Verdict.BROKEN))
    done = nbgrader(course.root, "autograde", "relu")
    assert done.returncode == 1
    marks = {row[:2]: row[2] for row in rows(course, MARKS)}
    assert marks["student-001", "points-forward"] == 60.0
    assert marks["student-002", "points-forward"] is None
    assert marks["student-003", "points-forward"] is None
    assert "BROKEN" in done.stderr
    assert "was not graded" in done.stderr


@pytest.mark.slow
def test_one_student_can_be_graded_again(course):
    """Formgrader's button is 'autograde --student NAME --force': it asks for that student only."""
    configure(course)
    (first, path), *_ = a_class(course)
    caught_up(course)
    with (Folders(course).root / "autograded/student-001/relu/relu.ipynb").open() as file:
        os.fchmod(file.fileno(), 0o444)  # as nbgrader leaves it
    graded(course, first.with_checks(result("student-001", Verdict.FAILED).checks), path)
    done = nbgrader(course.root, "autograde", "relu", "--student", "student-001", "--force")
    assert done.returncode == 0, done.stderr
    assert (course.root / "asked").read_text().split()[-3:] == ["--student", "student-001", "--json"]
    marks = {row[:2]: row[2] for row in rows(course, MARKS)}
    assert marks["student-001", "points-forward"] == 20.0
    assert marks["student-003", "points-forward"] == 60.0


@pytest.mark.slow
def test_two_graders_at_once_lose_nothing(course):
    """Processes that write to one gradebook wait for each other."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(project_some, [course.root] * 4, range(4)))
    assert len(read_booked(course, "relu")) == 40
    assert caught_up(course) == []
    assert len(read_audit(course, "relu")) == 40


def project_some(root, part):
    """Project ten students of a course; runs in a process of its own."""
    course = load_course(root)
    names = [f"student-{number:03d}" for number in range(10 * part, 10 * part + 10)]
    for name in names:
        graded(course, result(name))
    book(course, *names)


@pytest.mark.slow
def test_stock_autograde_gives_nothing(course):
    """Without our configuration every graded cell is worth 0, though nbgrader fails open."""
    ensure_assignment(course, course.unit("relu"))
    solved = STUB.replace("raise NotImplementedError", "return x * (x > 0)")
    submission(course, "student-001", forward=solved)
    folders = Folders(course)
    url = f"--db={folders.database}"
    done = nbgrader(folders.root, "autograde", "relu", url, "--Execute.allow_errors=True")
    assert done.returncode == 0, done.stderr
    marks = {row[1]: row[2] for row in rows(course, MARKS)}
    assert marks["points-forward"] == 0.0
    assert marks["points-backward"] == 0.0


@pytest.mark.slow
def test_feedback_of_nbgrader_runs_nothing(course):
    """A script in a student's Markdown does not survive in nbgrader's feedback, and nothing may load."""
    configure(course)
    evil = "hello <script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) $a_1$"
    path = submission(course, "student-001", why=evil)
    booked(course, result("student-001", Verdict.FAILED, Verdict.FAILED), path)
    done = nbgrader(course.root, "generate_feedback", "relu")
    assert done.returncode == 0, done.stderr
    page = (Folders(course).root / "feedback/student-001/relu/relu.html").read_text()
    assert "hello" in page
    assert "$a_1$" in page
    for forbidden in ("alert(1)", "onerror", "javascript:alert", "<script>alert"):
        assert forbidden not in page
    assert "Content-Security-Policy" in page
