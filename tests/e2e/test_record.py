"""One mark of record: hand in, extend, mark by hand, move a date, correct a check, regrade, export.

The tests are one story and run in the order of this file. After each step every page and every file that
tells a mark is compared with the function that computes it (``mark_views.same_everywhere``).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from autograder.demo.solving import solved
from tests.batch.small import run
from tests.e2e.mark_views import STUDENTS, Class, marks_now, same_everywhere
from tests.e2e.marked_course import (
    ANSWER,
    MILDER,
    NO_BIAS,
    NO_MOMENTUM,
    UNIT,
    changed,
    due,
    marked_course,
    reference,
    release,
    wrong,
)
from tests.e2e.people import Visitor, released, typed

STRICTER = ("draw.normal(4, 3), draw.normal(3, 2))", "draw.normal(4, 3), draw.normal(3, 2), draw.normal(2))")
COMMENT = "Say of which plane."


@pytest.fixture(scope="module")
def everybody(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    """A class whose unit is due tomorrow."""
    with marked_course(tmp_path_factory.mktemp("record") / "course", chromium, hours=-24) as found:
        yield found


@pytest.fixture(scope="module")
def people(everybody: Class) -> dict[str, Visitor]:
    """The same people, of whom a failed test keeps pictures."""
    return dict(everybody.people)


def test_two_students_hand_in_on_time(everybody: Class) -> None:
    """The unit is released; each has a mistake, and the marks are the same in every page and file."""
    released(everybody.people["instructor"], "little", UNIT)
    hand_in(everybody, "student-001", wrong(everybody, NO_BIAS, answer=ANSWER))
    hand_in(everybody, "student-002", wrong(everybody, NO_MOMENTUM))
    first, second = same_everywhere(everybody).values()
    assert (first.out_of, first.waits, second.waits) == (104.0, True, False)
    assert first.counting.on_top == 8.0
    assert first.points < second.points < 112.0


def test_a_moved_due_date_makes_them_late(everybody: Class) -> None:
    """At once on the page, and everywhere else without grading anything."""
    before = everybody.marks
    due(everybody.hub, hours=26)
    everybody.people["student-002"].page.wait_for_timeout(1100)  # the file is looked at once a second
    assert "late: minus 20 %" in everybody.own("student-002").locator("main > header").inner_text()
    after = same_everywhere(everybody)
    for student in STUDENTS:
        assert after[student].points == pytest.approx(0.8 * before[student].points)


def test_an_extension_takes_the_lateness_away(everybody: Class) -> None:
    """The student's page shows the new own date, beside that of the class, and the mark without lateness."""
    course(everybody, "extend", UNIT, "student-001", "--days", "3", "--reason", "a stay in hospital")
    page = everybody.own("student-001")
    own = datetime.fromisoformat(everybody.course.units[0].due) + timedelta(days=3)
    head = page.locator("main > header").inner_text()
    assert f"{own.day} {own:%B %Y}" in head and "by your extension; for the class" in head
    assert "hospital" not in page.content()
    everybody.people["student-001"].shot("record-extended", full_page=True)
    first, second = same_everywhere(everybody).values()
    assert "on time by your extension" in first.how and first.counting.penalty == 0
    assert "late: minus 20 %" in second.how
    everybody.people["ta-001"].open(f"/services/exchange/staff/{UNIT}")
    everybody.people["ta-001"].shot("record-staff", full_page=True)


def test_a_ta_marks_by_hand_in_formgrader(everybody: Class) -> None:
    """Points and a comment are typed and kept by Tab; the page tells the new mark at once."""
    ta, before = everybody.people["ta-001"], everybody.marks["student-001"].points
    page = everybody.submission("student-001")
    cell = page.locator(".nbgrader_cell", has=page.locator("#why"))
    typed(page, cell.locator("input.score"), "3", "/api/grade/")
    typed(page, cell.locator("textarea"), COMMENT, "/api/comment/")
    page.locator("#mark-of-record", has_text=f"{before + 3:g} points").wait_for()
    ta.shot("record-formgrader")
    mark = same_everywhere(everybody)["student-001"]
    assert (mark.points, mark.waits) == (before + 3, False)
    assert everybody.submission("student-001").locator("#why-comment").input_value() == COMMENT
    everybody.formgrader_row("student-001")
    ta.shot("record-formgrader-list")


def test_a_ta_marks_by_hand_with_a_command(everybody: Class) -> None:
    """Points for a task stand in place of the checks'; extra credit comes on top; both late by a fifth."""
    before = everybody.marks["student-002"]
    course(
        everybody, "mark", UNIT, "student-002", "dense_forward", "20", "--reason", "copied from the slides"
    )
    course(everybody, "mark", UNIT, "student-002", "sgd", "2", "--extra", "--reason", "a fine plot")
    after = same_everywhere(everybody)["student-002"]
    lost = before.counting.cells["dense_forward"].points - 20
    assert after.points == pytest.approx(before.points + 0.8 * (2 - lost))
    assert after.counting.on_top == pytest.approx(0.8 * 10)
    for student in STUDENTS:
        everybody.own(student).locator("tr.counts a").click()
        everybody.people[student].page.locator("h1", has_text="Attempt").wait_for()
        everybody.people[student].shot(f"record-attempt-{student}", full_page=True)


def test_a_corrected_check_is_previewed(everybody: Class) -> None:
    """Which marks would rise and fall, by which check; and nothing is changed."""
    before = everybody.marks
    grader = everybody.hub.course.root / "assignments" / UNIT / "grader.py"
    grader.write_text(changed(changed(grader.read_text(), STRICTER), MILDER))
    told = json.loads(course(everybody, "regrade", UNIT, "--preview", "--json"))
    assert told["preview"] is True and (told["attempts"], told["graded"]) == (2, 2)
    changes = {change["student"]: change for change in told["changes"]}
    assert changes["student-001"]["kept"] and changes["student-001"]["by"] == 0
    assert "test_forward_without_bias" in json.dumps(changes["student-001"]["checks"])
    assert changes["student-002"]["by"] > 0
    assert "test_sgd" in json.dumps(changes["student-002"]["checks"])
    table = course(everybody, "regrade", UNIT, "--preview")
    assert "1 mark would rise, 0 would fall, 1 kept; nothing was changed" in " ".join(table.split())
    after = marks_now(everybody)
    assert {name: mark.how for name, mark in after.items()} == {n: mark.how for n, mark in before.items()}


def test_a_regrade_takes_nothing_that_was_shown(everybody: Class) -> None:
    """The earlier result of who would fall is kept, and told; the other mark rises as was previewed."""
    before = everybody.marks
    told = json.loads(course(everybody, "regrade", UNIT, "--preview", "--json"))
    by = {change["student"]: change["by"] for change in told["changes"]}
    course(everybody, "regrade", UNIT)
    after = same_everywhere(everybody)
    assert after["student-001"].points == before["student-001"].points
    assert "kept of an earlier grading" in after["student-001"].how
    assert after["student-002"].points == pytest.approx(before["student-002"].points + by["student-002"])


def test_a_student_spends_a_late_day(everybody: Class) -> None:
    """On the page, which first says what it would mean; a tenth less is taken."""
    student = everybody.people["student-002"]
    page = everybody.own("student-002")
    page.get_by_role("link", name="Spend a late day").click()
    page.get_by_text("Nothing is spent yet").wait_for()
    student.shot("record-late-day", full_page=True)
    page.locator("main form button").click()
    page.get_by_text("1 of 2 left, over all units").wait_for()
    assert "late: minus 10 %, with 1 late day" in same_everywhere(everybody)["student-002"].how
    everybody.own("student-002")
    student.shot("record-student", full_page=True)


def test_a_worse_upload_takes_nothing_back(everybody: Class) -> None:
    """Points by hand and the kept result stand, whatever is handed in later."""
    before = everybody.marks["student-001"]
    hand_in(everybody, "student-001", solved(release(everybody), reference(everybody), ["windows"]))
    after = same_everywhere(everybody)["student-001"]
    assert after.points == before.points
    assert after.how == before.how.replace("one attempt", "attempt 1 of 2")
    assert 0 < after.attempts[1].final < after.points
    everybody.own("student-001")
    everybody.people["student-001"].shot("record-two-attempts", full_page=True)
    everybody.people["ta-001"].open(f"/services/exchange/staff/{UNIT}")
    everybody.people["ta-001"].shot("record-staff-at-last", full_page=True)


def test_the_export_has_these_marks(everybody: Class, tmp_path: Path) -> None:
    """The file for a learning platform, at the end of all."""
    path = tmp_path / "marks.csv"
    course(everybody, "export", "grades", UNIT, "--output", str(path))
    with path.open(newline="") as file:
        rows = {row["SIS Login ID"]: row["Little"] for row in csv.DictReader(file)}
    marks = everybody.marks
    assert {name: float(rows[name]) for name in STUDENTS} == {
        name: pytest.approx(mark.points, abs=1e-4) for name, mark in marks.items()
    }


def course(of: Class, *words: str) -> str:
    """A course command; what it printed."""
    done = run(of.hub.course.root, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def hand_in(of: Class, student: str, notebook: dict[str, Any]) -> None:
    """Upload a notebook on the unit's page, hand it in, and wait for its mark."""
    page = of.own(student)
    content = json.dumps(notebook).encode()
    file = {"name": f"{UNIT}.ipynb", "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files("#files", file)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_role("button", name=re.compile("Hand in")).click()
    page.locator("p.score", has_text=" of ").wait_for(timeout=60_000)
