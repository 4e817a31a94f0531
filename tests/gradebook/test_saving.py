"""What a person saves in formgrader: facts, with who gave them, and a gradebook that has them at once."""

import pytest

from autograder.base.errors import UsageError
from autograder.gradebook.saving import CellOf, save_comment, save_points
from autograder.marks import by_hand, open_facts
from autograder.marks.by_hand import COMMENT, EXTRA, POINTS
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from autograder.results.store import read_result
from tests.booked import read_booked

from .conftest import booked, caught_up, graded, mark_of, result, submission
from .test_foreign import entries, written
from .test_projection import SOLVED, final, with_bonus

FORWARD, WHY = CellOf("relu", "student-001", "points-forward"), CellOf("relu", "student-001", "why")


def save(course, at, points, extra=None, who="ta-001"):
    """Press Save."""
    with open_facts(course) as database:
        save_points(course, database, at, points, extra, who)


def test_points_are_a_fact_and_stand_in_the_gradebook(course):
    """Formgrader sends text; the fact says who, and what the checks gave then."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    caught_up(course)
    save(course, FORWARD, "33")
    with open_facts(course) as database, database.read() as connection:
        (entry,) = by_hand.of_unit(connection, "relu")
    assert (entry.attempt, entry.kind, entry.points, entry.automatic) == (attempt.id, POINTS, 33.0, 20.0)
    assert (entry.who, entry.why) == ("ta-001", "saved in formgrader")
    assert final(course) == 73.0
    line = read_audit(course, "relu")[-1]
    assert (line["who"], line["old"], line["new"]) == ("ta-001", 60.0, 73.0)
    assert line["why"] == "one attempt, time of handing in not known, 60 + 13 by hand"
    assert caught_up(course) == []
    assert len(entries(course)) == 1


def test_a_correction_in_formgrader_survives_a_later_upload(course):
    """86 became 88 by a person; an upload of 2 points afterwards turns nothing back."""
    booked(course, result("student-001", Verdict.PASSED, Verdict.FAILED), submission(course, "student-001"))
    save(course, FORWARD, 48.0)
    stub = submission(course, "student-001", forward=SOLVED)
    graded(course, result("student-001", *[Verdict.FAILED] * 4), stub)
    assert caught_up(course) == []
    assert final(course) == 88.0
    save(course, FORWARD, "")
    assert final(course) == 80.0


def test_only_what_differs_becomes_a_fact(course):
    """The other field comes along unchanged: a bonus stays a bonus, and points are not given twice."""
    booked(course, with_bonus(5.0))
    save(course, FORWARD, 50.0, 5.0)
    save(course, FORWARD, 50.0, 5.0)
    assert entries(course) == [("forward", POINTS, 50.0)]
    save(course, FORWARD, 50.0, 0)
    save(course, FORWARD, None, None)
    assert entries(course)[1:] == [
        ("forward", EXTRA, 0.0),
        ("forward", POINTS, None),
        ("forward", EXTRA, None),
    ]
    assert final(course) == 105.0


def test_points_of_a_written_answer_belong_to_its_text(course):
    """The same text in another attempt has them, too."""
    path = submission(course, "student-001", why="Because of the kink.")
    booked(course, result("student-001"), path)
    assert read_booked(course, "relu")["student-001"].waiting
    save(course, WHY, "7")
    assert not read_booked(course, "relu")["student-001"].waiting
    booked(
        course,
        result("student-001"),
        submission(course, "student-001", forward=SOLVED, why="Because of the kink."),
    )
    assert (final(course), mark_of(course).counting.attempt.number) == (107.0, 2)


def test_saving_once_more_is_a_second_look(course):
    """Points that waited since the checks gave others hold from then on."""
    booked(course, result("student-001", Verdict.FAILED))
    save(course, FORWARD, 33.0)
    booked(course, result("student-001"))
    assert read_booked(course, "relu")["student-001"].waiting
    save(course, FORWARD, 33.0)
    assert not read_booked(course, "relu")["student-001"].waiting
    assert len(entries(course)) == 2


def test_a_comment_is_a_fact(course):
    """And is taken back by an empty one."""
    booked(course, result("student-001"))
    at = CellOf("relu", "student-001", "forward")
    with open_facts(course) as database:
        for text in ("Nice try.", "Nice try.", ""):
            save_comment(course, database, at, text, "ta-001")
    assert entries(course) == [("forward", COMMENT, "Nice try."), ("forward", COMMENT, None)]


def test_what_a_script_wrote_before_is_taken_in_before(course):
    """So the points that a person typed over it hold."""
    booked(course, result("student-001"))
    written(course, manual_score=3.0)
    save(course, FORWARD, 4.0)
    assert entries(course) == [("forward", POINTS, 3.0), ("forward", POINTS, 4.0)]
    assert caught_up(course) == []
    assert final(course) == 44.0


def test_it_is_the_attempt_on_the_screen_that_gets_points(course):
    """A better one that came in since keeps its own; the result file follows what counts."""
    booked(course, result("student-001", Verdict.FAILED, Verdict.FAILED))
    better = result("student-001", Verdict.FAILED, submitted="2027-01-16T12:00:00+00:00")
    graded(course, better, submission(course, "student-001", forward=SOLVED))
    save(course, FORWARD, 50.0)
    first, second = mark_of(course).attempts
    assert (first.final, second.final, final(course)) == (90.0, 60.0, 90.0)
    assert read_result(course, "relu", "student-001").score == 40.0


@pytest.mark.parametrize("points", ["many", float("nan"), "1e9", [4]])
def test_what_is_no_number_is_refused(course, points):
    """Nothing is saved, and the sentence says what came."""
    booked(course, result("student-001"))
    with pytest.raises(UsageError, match="points have to be a number"):
        save(course, FORWARD, points)
    assert entries(course) == []


def test_without_an_attempt_nothing_can_be_saved(course):
    """The sentence says what to do first."""
    with pytest.raises(UsageError, match="course grade relu"):
        save(course, FORWARD, 3.0)
