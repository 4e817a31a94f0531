"""An attempt is graded anew: what was shown is not taken back, and a fault of ours takes nothing."""

from dataclasses import replace

import pytest

from autograder.course import Course, Unit
from autograder.marks import kept as facts_kept
from autograder.marks import open_facts, read_facts
from autograder.marks.attempts import HUB
from autograder.marks.exceptions import Deed
from autograder.marks.files import attempt_for
from autograder.marks.regraded import store_anew
from autograder.marks.shown import note_shown
from autograder.results.result import Check, Result, Verdict, totals

UNIT = Unit("relu", "ReLU", due="2027-01-17T23:59+01:00", hours=1)
FIRST, SHOWN, SECOND, THIRD = (f"2027-01-18T{hour}:00:00.000000+00:00" for hour in ("08", "09", "10", "11"))


def result(points: float, digest: str, verdict: Verdict = Verdict.PASSED) -> Result:
    """One check, which gives so many of 100 points."""
    checks = (Check("test_values", "relu", "Values.", 100.0, points, verdict),)
    return Result("relu", "student-001", checks=checks, digest=digest, **totals(checks))


@pytest.fixture
def course(tmp_path):
    return Course("c", "C", (replace(UNIT, root=tmp_path),), data=str(tmp_path / "data"), root=tmp_path)


@pytest.fixture
def database(course, monkeypatch):
    for name in ("COURSE_DATABASE", "COURSE_EXCHANGE_DB"):
        monkeypatch.delenv(name, raising=False)
    with open_facts(course) as database:
        yield database


def graded(database, *grades, origin=None):
    """An attempt graded so often: results and moments."""
    with database.write() as connection:
        attempt = attempt_for(connection, "relu", "student-001", None, None)
        attempt = replace(attempt, origin=origin or attempt.origin)
        for each, moment in grades:
            store_anew(connection, attempt, each, Deed("staff", moment, "course regrade"))


def show(database, course, moment=SHOWN, student=""):
    with database.write() as connection:
        note_shown(connection, course, UNIT, moment, student)


def points(database, course):
    with database.read() as connection:
        return read_facts(connection, course, course.unit("relu")).mark("student-001").points


def test_what_nobody_has_seen_may_fall(database, course):
    """A correction before anything was shown counts as it is; so does one that was shown only before."""
    show(database, course, "2027-01-18T07:00:00.000000+00:00")
    graded(database, (result(90.0, "a"), FIRST), (result(80.0, "b"), SECOND))
    assert points(database, course) == 80.0


@pytest.mark.parametrize(("student", "expected"), [("", 90.0), ("student-001", 90.0), ("student-002", 80.0)])
def test_what_was_shown_does_not_fall(database, course, student, expected):
    """Pages or an export since the grading, of everybody or of this student: its points are kept."""
    graded(database, (result(90.0, "a"), FIRST))
    show(database, course, student=student)
    graded(database, (result(80.0, "b"), SECOND))
    assert points(database, course) == expected


def test_on_the_hub_all_is_shown_at_once(database, course):
    """A hub attempt keeps what it had, and rises where the checks give more."""
    graded(database, (result(90.0, "a"), FIRST), (result(80.0, "b"), SECOND), origin=HUB)
    assert points(database, course) == 90.0
    graded(database, (result(95.0, "c"), THIRD), origin=HUB)
    assert points(database, course) == 95.0


def test_staff_can_let_it_fall(database, course):
    """Lifted, the latest result counts; the kept one stays on record."""
    graded(database, (result(90.0, "a"), FIRST), (result(80.0, "b"), SECOND), origin=HUB)
    with database.write() as connection:
        attempt = attempt_for(connection, "relu", "student-001", None, None)
        assert facts_kept.lift(connection, attempt, Deed("staff", THIRD, "a check was wrong")) == 1
    assert points(database, course) == 80.0


def test_other_words_do_not_hide_that_it_was_shown(database, course):
    """A new explanation of the same mark after it was shown: the next correction still keeps it."""
    graded(database, (result(90.0, "a"), FIRST))
    show(database, course)
    graded(database, (replace(result(90.0, "a"), explained="new"), SECOND), (result(80.0, "b"), THIRD))
    assert points(database, course) == 90.0


@pytest.mark.parametrize("digest", ["a", ""])
def test_a_fault_of_ours_takes_no_mark_that_holds(database, course, digest):
    """BROKEN over the same cells and checks, or before anything was read, changes nothing."""
    graded(database, (result(90.0, "a"), FIRST), (result(0.0, digest, Verdict.BROKEN), SECOND))
    assert points(database, course) == 90.0


def test_a_fault_of_ours_takes_no_mark_that_was_shown(database, course):
    """BROKEN by other checks takes a mark that nobody saw, and none that was shown or is kept."""
    broken = result(0.0, "b", Verdict.BROKEN)
    graded(database, (result(90.0, "a"), FIRST), (broken, SECOND))
    assert points(database, course) is None
    graded(database, (result(90.0, "a"), FIRST))
    show(database, course)
    graded(database, (broken, SECOND))
    assert points(database, course) == 90.0
    graded(database, (result(85.0, "c"), SECOND), (broken, THIRD))
    assert points(database, course) == 90.0


def test_a_trial_changes_nothing(database, course):
    """What is written in a trial can be read in it, and is gone afterwards."""
    graded(database, (result(90.0, "a"), FIRST))
    with database.trial() as connection:
        attempt = attempt_for(connection, "relu", "student-001", None, None)
        store_anew(connection, attempt, result(80.0, "b"), Deed("staff", SECOND))
        assert read_facts(connection, course, course.unit("relu")).mark("student-001").points == 80.0
    assert points(database, course) == 90.0
