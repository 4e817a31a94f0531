"""The record of changed marks."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.course import Course
from autograder.results.audit import Change, audit_path, read_audit, record


@pytest.fixture
def course(tmp_path):
    """A course without units, for its folders."""
    return Course("tiny", "Tiny", units=(), data=str(tmp_path / "data"), root=tmp_path)


def test_changes_are_appended(course):
    """Each change is one line with who, when, student, old, new and why."""
    assert record(course, "relu", [Change("student-001", None, 3.0, "graded")]) == 1
    assert record(course, "relu", [Change("student-001", 3.0, 4.0, "regraded")]) == 1
    first, second = read_audit(course, "relu")
    assert first["old"] is None
    assert (second["old"], second["new"], second["why"]) == (3.0, 4.0, "regraded")
    assert first["who"]
    assert str(first["when"]).endswith("+00:00")


def test_unchanged_marks_leave_no_trace(course):
    """A regrade that changes nothing does not even make the file."""
    assert record(course, "relu", [Change("student-001", 3.0, 3.0, "regraded")]) == 0
    assert not audit_path(course, "relu").exists()


def test_writers_do_not_mix_their_lines(course):
    """Two graders at once leave whole lines."""
    many = [Change(f"student-{i:03d}", 0.0, 1.0, "w" * 2000) for i in range(50)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: record(course, "relu", many), range(8))) == [50] * 8
    assert len(read_audit(course, "relu")) == 400


def test_a_torn_line_spoils_no_other(course):
    """What a power cut left of a line is left out, and the next record stands on a line of its own."""
    record(course, "relu", [Change("student-001", None, 1.0, "graded")])
    with audit_path(course, "relu").open("a") as file:
        file.write('{"when": "20')
    assert len(read_audit(course, "relu")) == 1
    record(course, "relu", [Change("student-002", None, 2.0, "graded")])
    lines = audit_path(course, "relu").read_text().splitlines()
    assert json.loads(lines[-1])["student"] == "student-002"
    assert [entry["student"] for entry in read_audit(course, "relu")] == ["student-001", "student-002"]
