"""The store of results."""

import json
import os
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.base.errors import CourseError, NotStored
from autograder.course import Course
from autograder.results.result import Check, Result, Verdict, totals
from autograder.results.store import (
    LONGEST_NAME,
    ResultFileError,
    read_result,
    read_results,
    result_path,
    safe_name,
    unreadable_results,
    write_result,
)


@pytest.fixture
def course(tmp_path):
    """A course without units, for its folders."""
    return Course("tiny", "Tiny", units=(), data=str(tmp_path / "data"), root=tmp_path)


def a_result(student="student-001", reason=""):
    """One failed check."""
    check = Check("test_values", "forward", "Values.", 3.0, 0.0, Verdict.FAILED, reason=reason)
    return Result("relu", student, 0.0, 3.0, checks=(check,), healed=("a cell",), flags=("look",))


def test_what_was_written_is_read(course):
    """Reading gives the result back, whatever characters the student made it hold."""
    odd = a_result("Zoë \U0001f600", reason="half \ud800 zero\x00 rtl\u202e <script>")
    path = write_result(course, odd)
    assert path == result_path(course, "relu", odd.student)
    assert read_result(course, "relu", odd.student) == odd
    assert read_results(course, "relu") == [odd]


def test_no_result_is_none(course):
    """An ungraded student has no result, and an ungraded unit no results."""
    assert read_result(course, "relu", "student-001") is None
    assert read_results(course, "relu") == []


def test_one_damaged_file_does_not_hide_the_others(course):
    """Damaged files are reported by path; the rest is read."""
    write_result(course, a_result("student-002"))
    folder = course.results("relu")
    (folder / "cut.json").write_text('{"unit": "relu", ')
    (folder / "list.json").write_text("[1]")
    (folder / "bytes.json").write_bytes(b"\xff\xfe")
    (folder / "newer.json").write_text(a_result().to_json().replace('"unit"', '"future"'))
    assert [result.student for result in read_results(course, "relu")] == ["student-002"]
    errors = [str(error) for error in unreadable_results(course, "relu")]
    assert [error.split(": ")[0].rsplit("/", 1)[1] for error in errors] == [
        *["bytes.json", "cut.json", "list.json", "newer.json"]
    ]
    assert all("--force" in error for error in errors)


DAMAGED = {
    "no checks": {"checks": []},
    "a text for a number": {"score": "abc"},
    "no number": {"seconds": float("nan")},
    "another sum": {"score": 3.0},
    "no score, not broken": {"score": None},
    "another maximum": {"max_score": 100.0},
    "another student": {"student": "student-002"},
    "no student": {"student": ""},
    "another unit": {"unit": "conv"},
    "a text for a list": {"flags": [1]},
}


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_can_be_json(course, change):
    """What no engine would have written is not believed, whatever program wrote it."""
    path = write_result(course, a_result())
    write_result(course, a_result("student-003"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ResultFileError, match=r"student-001\.json: .*--force"):
        read_result(course, "relu", "student-001")
    assert [result.student for result in read_results(course, "relu")] == ["student-003"]
    assert len(unreadable_results(course, "relu")) == 1


@pytest.mark.parametrize(
    "change", [{"verdict": "GUESSED"}, {"points": "3"}, {"earned": None}, {"case": 3}, {"bonus": 0}], ids=str
)
def test_a_damaged_check(course, change):
    """The same for each check."""
    path = write_result(course, a_result())
    fields = json.loads(path.read_text())
    fields["checks"][0] |= change
    path.write_text(json.dumps(fields))
    with pytest.raises(ResultFileError):
        read_result(course, "relu", "student-001")


def test_odd_names_and_broken_results_are_whole(course):
    """A name that is encoded in its file's name, one too long for it, and a result without a score."""
    for name in ("a/b", "x" * 200, "ü ", "half \ud800"):
        write_result(course, a_result(name))
        assert read_result(course, "relu", name) == a_result(name)
    broken = a_result().with_checks((replace(a_result().checks[0], verdict=Verdict.BROKEN),))
    write_result(course, broken)
    assert read_result(course, "relu", "student-001").score is None


def test_sums_are_numbers_with_a_point():
    """Also where there is nothing to add up: whoever reads the JSON meets one type."""
    for checks in ((), a_result().checks):
        assert {type(value) for value in totals(checks).values()} == {float}


def test_a_folder_in_the_way_is_said(course):
    """Where a result cannot be stored: the path, why, and what to do."""
    result_path(course, "relu", "student-001").mkdir(parents=True)
    with pytest.raises(NotStored, match=r"student-001.json: Is a directory\. A folder stands where"):
        write_result(course, a_result())
    with pytest.raises(ResultFileError, match="A folder stands where"):
        read_result(course, "relu", "student-001")


def test_a_failed_write_leaves_the_old_file(course, monkeypatch):
    """If the disk fills up, the old result stays whole and nothing else is left behind."""
    write_result(course, a_result())

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotStored, match=r"student-001\.json: No space left on device\. Free some space"):
        write_result(course, a_result(reason="new"))
    assert read_results(course, "relu") == [a_result()]
    assert len(list(course.results("relu").iterdir())) == 1


@pytest.mark.parametrize("name", ["student-001", "Müller Anna", "a.b", "first.last@example.org", "日本"])
def test_plain_names_stay(name):
    """A name that no file system misreads is its own file name."""
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "/etc/passwd", "..\\x", "a\x00b", "a\u202eb", " a", "*", "-rf/"]
)
def test_dangerous_names_are_encoded(name):
    """No name leaves the folder, hides or deceives."""
    safe = safe_name(name)
    assert safe != name
    assert "/" not in safe
    assert not safe.startswith(".")
    assert safe.isprintable()


def test_an_empty_name_is_refused():
    """A student needs a name."""
    with pytest.raises(CourseError, match="empty"):
        safe_name("")


names = st.text(min_size=1, max_size=150) | st.text(alphabet="%2Ff/.", min_size=1, max_size=8)


@settings(deadline=None)  # a busy machine is no fault
@given(names, names)
def test_no_two_names_meet(one, other):
    """Different names have different files, of bounded length, made of safe characters."""
    assert (safe_name(one) == safe_name(other)) == (one == other)
    assert len(safe_name(one).encode("utf-8")) <= LONGEST_NAME
    assert not set(safe_name(one)) & set(string.whitespace.replace(" ", "") + "/\\\x00")
