"""``course grade`` on downloads: one student stays one student, and what platforms state is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.marks import open_facts
from autograder.marks.identities import read_identities
from tests.batch.small import UNIT, in_process, loaded, right, stored

pytestmark = pytest.mark.sandbox


def hand_in(root: Path, name: str) -> Path:
    """A right notebook in a download."""
    path = root / "download" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(right(root)))
    return path


def test_a_download_of_next_week_and_one_file_of_it(root, monkeypatch, capfd):
    """Who was there first keeps the name, also when only the other's folder, or one file, is graded."""
    first = hand_in(root, "Student One_12_assignsubmission_file_/mine.ipynb")
    words = ["grade", UNIT, "--no-gradebook", "--jobs", "1"]
    assert in_process([*words, "download"], root, monkeypatch) == 0
    assert list(stored(root)) == ["Student One"]
    second = hand_in(root, "Student One_11_assignsubmission_file_/mine.ipynb")
    assert in_process([*words, str(second)], root, monkeypatch) == 0
    assert in_process([*words, str(first.parent)], root, monkeypatch) == 0
    assert in_process([*words, "download"], root, monkeypatch) == 0
    assert {result["student"] for result in stored(root).values()} == {"Student One", "Student One_11"}
    course, _ = loaded(root)
    with open_facts(course) as database, database.read() as connection:
        (known,) = read_identities(connection).of_student("Student One_11", UNIT)
    assert (known.platform, known.id, known.called) == ("moodle", "11", "Student One")


def test_a_time_that_cannot_be_read_is_told(root, monkeypatch, capfd):
    """On stderr, before anything is graded, with whose it is."""
    path = hand_in(root, f"student-001/{UNIT}/{UNIT}.ipynb")
    path.with_name("timestamp.txt").write_text("2027-02-20 12:00:00 NOWHERE")
    words = ["grade", UNIT, "download", "--no-gradebook", "--jobs", "1"]
    assert in_process(words, root, monkeypatch) == 0
    said = "1 time of handing in cannot be read: student-001 (2027-02-20 12:00:00 NOWHERE)"
    assert said in capfd.readouterr().err
