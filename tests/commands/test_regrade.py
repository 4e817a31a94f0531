"""``course regrade``: a correction of a check, seen before it happens, and what was shown is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.marks import Mark, open_facts, read_facts
from autograder.marks.attempts import HUB
from autograder.marks.tables import ATTEMPTS
from autograder.results.audit import read_audit
from tests.batch.small import UNIT, in_process, loaded, overflowing, right, stored, submit

pytestmark = [pytest.mark.sandbox, pytest.mark.filterwarnings("ignore::RuntimeWarning")]

FIELDS = ("student", "before", "after", "by", "kept")


@pytest.fixture
def course(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs a command in the course; returns its exit code and what it printed."""

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = in_process(list(words), root, monkeypatch)
        return code, " ".join(capsys.readouterr().out.split())

    call.root = root  # type: ignore[attr-defined]
    return call


def mark_of(root: Path, student: str) -> Mark:
    course, unit = loaded(root)
    with open_facts(course) as database, database.read() as connection:
        return read_facts(connection, course, unit, student).mark(student)


def points(root: Path) -> dict[str, float | None]:
    return {name: mark_of(root, name).points for name in ("student-001", "student-002")}


@pytest.fixture
def two(root: Path, folder: Path, course) -> Path:
    """One right submission and one with the known mistake, graded."""
    submit(folder, "student-001", right(root))
    submit(folder, "student-002", overflowing(root))
    assert course("grade", UNIT, str(folder))[0] == 0
    assert points(root) == {"student-001": 100.0, "student-002": 80.0}
    return folder


def weigh(root: Path, old: str, new: str) -> None:
    """Correct what a check is worth."""
    grader = root / "assignments" / UNIT / "grader.py"
    text = grader.read_text()
    assert old in text
    grader.write_text(text.replace(old, new, 1))


def data_of(course, *words: str) -> dict[str, Any]:
    code, printed = course("regrade", UNIT, "--json", *words)
    assert code == 0
    return json.loads(printed)


def test_the_preview_says_what_would_change_and_changes_nothing(root, two, course):
    """Who rises and falls, by how much, by which check; afterwards every number is what it was."""
    before, facts = stored(root), points(root)
    weigh(root, "points=25", "points=15")
    data = data_of(course, "--preview")
    assert (data["preview"], data["attempts"], data["graded"]) == (True, 2, 2)
    first, second = ({name: change[name] for name in FIELDS} for change in data["changes"])
    (check,) = data["changes"][0]["checks"]
    assert list(first.values()) == ["student-001", 100.0, 90.0, -10.0, False]
    assert list(second.values()) == ["student-002", 80.0, 70.0, -10.0, False]
    assert (check["before"], check["after"]) == ("PASSED", "PASSED")
    assert (check["earned_before"], check["earned_after"]) == (25.0, 15.0)
    code, table = course("regrade", UNIT, "--preview")
    assert code == 0 and "student-001 100 90 -10" in table and "nothing was changed" in table
    assert (stored(root), points(root)) == (before, facts)


def test_the_regrade_does_what_the_preview_says(root, two, course):
    """The same changes, then in facts, result files and the audit; a second one finds nothing to do."""
    weigh(root, "points=25", "points=15")
    previewed = data_of(course, "--preview")["changes"]
    assert data_of(course)["changes"] == previewed
    assert points(root) == {"student-001": 90.0, "student-002": 70.0}
    assert {name: result["score"] for name, result in stored(root).items()} == points(root)
    course_, _ = loaded(root)
    assert [(line["old"], line["new"]) for line in read_audit(course_, UNIT)][-2:] == [
        (100.0, 90.0),
        (80.0, 70.0),
    ]
    again = data_of(course)
    assert (again["graded"], again["changes"]) == (0, [])


def test_what_was_shown_is_kept_until_staff_lift_it(root, two, course):
    """After ``course feedback`` the points stay, the preview says so, and --lift lets them fall."""
    assert course("feedback", UNIT)[0] == 0
    weigh(root, "points=25", "points=15")
    data = data_of(course, "--preview")
    assert [(change["by"], change["kept"]) for change in data["changes"]] == [(0.0, True), (0.0, True)]
    code, table = course("regrade", UNIT)
    assert code == 0 and "0 marks risen, 0 fallen, 2 kept" in table
    assert points(root) == {"student-001": 100.0, "student-002": 80.0}
    assert "kept of an earlier grading" in mark_of(root, "student-001").how
    assert course("regrade", UNIT, "--lift", "student-001")[0] == 2, "it wants a reason"
    assert course("regrade", UNIT, "--lift", "student-001", "--reason", "agreed in the tutorial")[0] == 0
    assert points(root) == {"student-001": 90.0, "student-002": 80.0}
    course_, _ = loaded(root)
    assert any("agreed in the tutorial" in str(line.get("note")) for line in read_audit(course_, UNIT))


def test_attempts_of_the_hub_are_graded_from_their_copies(root, two, course):
    """One regrade for all, wherever they came from; on the hub every mark was shown at once."""
    shutil.rmtree(two)
    with open_facts(loaded(root)[0]) as database, database.write() as connection:
        hub = ATTEMPTS.update().where(ATTEMPTS.c.student == "student-002")
        connection.execute(hub.values(origin=HUB))
    weigh(root, "points=25", "points=15")
    assert data_of(course)["graded"] == 2
    assert points(root) == {"student-001": 90.0, "student-002": 80.0}


def test_one_student_only(root, two, course):
    """--student leaves the others as they are; an unknown name is refused."""
    weigh(root, "points=25", "points=15")
    assert data_of(course, "--student", "student-002")["graded"] == 1
    assert points(root) == {"student-001": 100.0, "student-002": 70.0}
    assert course("regrade", UNIT, "--student", "student-003")[0] == 2
