"""The mark is a function of facts: which attempt counts, points by hand, what is kept, what late takes."""

from dataclasses import replace
from datetime import datetime

import pytest

from autograder.course import Course, LatePolicy, Unit
from autograder.marks import by_hand
from autograder.marks.attempts import FILES, Attempt
from autograder.marks.dates import Due
from autograder.marks.graded import Graded
from autograder.marks.kept import KeptResult
from autograder.marks.mark import mark_of

UNIT = Unit("relu", "ReLU", due="2027-01-17T23:59+01:00", hours=1)
COURSE = Course("c", "C", (UNIT,), late=LatePolicy(10.0, 5, 15))
DUE = Due(datetime.fromisoformat(UNIT.due), datetime.fromisoformat(UNIT.due))
IN_TIME, ONE_DAY, TWO_DAYS = "2027-01-17T12:00+01:00", "2027-01-18T12:00+01:00", "2027-01-19T12:00+01:00"


def attempt(number: int, submitted: str | None = IN_TIME, **more) -> Attempt:
    return Attempt(
        f"a{number}", "relu", "student-001", number, IN_TIME, "", 0, (), submitted=submitted, **more
    )


def graded(number: int, core: float, bonus: float = 0.0, answers=None) -> Graded:
    return Graded(f"a{number}", "", core, 100.0, bonus, "", {"relu": (core, bonus)}, answers or {})


def mark(attempts, results, **facts):
    due = facts.pop("due", DUE)
    course = facts.pop("course", COURSE)
    return mark_of(
        course, UNIT, "student-001", attempts, {each.attempt: each for each in results}, due, **facts
    )


def test_nothing_gives_no_mark():
    """Without an attempt, or with an attempt that is not graded, there is no mark."""
    assert mark([], []).points is None
    assert mark([attempt(1)], []).points is None
    assert mark([attempt(1)], [replace(graded(1, 0), score=None)]).points is None


def test_the_best_after_lateness_counts():
    """An on-time stub does not beat a late solution: 90 of a late 100 are more than 20."""
    found = mark([attempt(1), attempt(2, ONE_DAY)], [graded(1, 20.0), graded(2, 100.0)])
    assert found.points == 90.0 and found.counting.attempt.number == 2
    assert found.how == "attempt 2 of 2, late: minus 10 %, 100"


def test_of_equals_the_last_counts():
    """Two attempts with the same mark: the later one."""
    assert mark([attempt(1), attempt(2)], [graded(1, 70.0), graded(2, 70.0)]).counting.attempt.number == 2


def test_the_course_can_let_the_last_count():
    """With counts="last" a worse last attempt is the mark."""
    last = replace(COURSE, counts="last")
    assert mark([attempt(1), attempt(2)], [graded(1, 70.0), graded(2, 60.0)], course=last).points == 60.0


def test_an_extension_makes_a_late_attempt_one_in_time():
    """The student's own date is what counts, and the sentence says why."""
    own = replace(DUE, moment=datetime.fromisoformat(TWO_DAYS), why=("your extension",))
    found = mark([attempt(1, ONE_DAY)], [graded(1, 80.0)], due=own)
    assert found.points == 80.0 and found.how == "one attempt, on time by your extension"


def points(number: int, given: float | None, kind=by_hand.POINTS, **more) -> by_hand.Entry:
    name = more.pop("name", "relu")
    return by_hand.Entry("relu", "student-001", f"a{number}", name, kind, given, **more)


def test_points_by_hand_stand_in_place_of_the_checks():
    """A person's 50 for the task hold against the checks' 40, for that attempt only."""
    attempts, results = [attempt(1), attempt(2)], [graded(1, 40.0), graded(2, 30.0)]
    found = mark(attempts, results, entries=[points(1, 50.0)])
    assert found.points == 50.0 and found.how == "attempt 1 of 2, on time, 40 + 10 by hand"
    assert mark(attempts, results, entries=[points(1, 50.0), points(1, None)]).points == 40.0


def test_points_by_hand_do_not_keep_a_better_attempt_down():
    """4 by hand for the first attempt; the second, with 7 of 7, counts."""
    found = mark([attempt(1), attempt(2)], [graded(1, 3.0), graded(2, 7.0)], entries=[points(1, 4.0)])
    assert found.points == 7.0 and found.counting.attempt.number == 2


def test_points_by_hand_wait_where_the_checks_have_changed():
    """What a person saw was 40; now the checks give 45: another look, and the person's points stand."""
    found = mark([attempt(1)], [graded(1, 45.0)], entries=[points(1, 50.0, automatic=40.0)])
    assert found.points == 50.0 and found.counting.needs_person == ("relu",)


QUESTIONS = {"why": 4.0}


def test_an_answer_keeps_its_points_as_long_as_its_text_is_the_same():
    """Marked in attempt 1; attempt 2 has the same text and more points by the checks."""
    entries = [points(1, 3.0, name="why", answer="same")]
    results = [graded(1, 90.0, answers={"why": "same"}), graded(2, 95.0, answers={"why": "same"})]
    found = mark([attempt(1), attempt(2)], results, entries=entries, questions=QUESTIONS)
    assert found.points == 98.0 and found.out_of == 104.0 and not found.waits


def test_a_changed_answer_waits_for_a_person_and_is_seen():
    """The attempt with the new text is the one that is shown, with nothing for it until it is marked."""
    entries = [points(1, 3.0, name="why", answer="old")]
    results = [graded(1, 95.0, answers={"why": "old"}), graded(2, 95.0, answers={"why": "new"})]
    found = mark([attempt(1), attempt(2)], results, entries=entries, questions=QUESTIONS)
    assert found.counting.attempt.number == 2 and found.waits and found.points == 95.0
    assert found.how.endswith("4 points more wait for a person")
    marked = [*entries, points(2, 1.0, name="why", answer="new")]
    found = mark([attempt(1), attempt(2)], results, entries=marked, questions=QUESTIONS)
    assert found.counting.attempt.number == 1 and found.points == 98.0


def test_an_answer_left_as_it_came_waits_for_nobody():
    """Nothing was written: 0 points, and nobody has to look."""
    found = mark([attempt(1)], [graded(1, 90.0, answers={"why": ""})], questions=QUESTIONS)
    assert found.points == 90.0 and not found.waits


def kept(number: int, core: float) -> KeptResult:
    return KeptResult(1, f"a{number}", core, 0.0, {"relu": (core, 0.0)}, "ta", "", "")


def test_what_is_kept_stays_and_being_late_still_costs():
    """A regrade gives 60 where 80 were shown: 80 count, less 10 % of them for the day."""
    found = mark([attempt(1, ONE_DAY)], [graded(1, 60.0)], kept={"a1": [kept(1, 80.0)]})
    assert found.points == 72.0 and "80 kept of an earlier grading" in found.how
    better = mark([attempt(1)], [graded(1, 85.0)], kept={"a1": [kept(1, 80.0)]})
    assert better.points == 85.0 and better.counting.kept is None


@pytest.mark.parametrize(("stated", "expected"), [(True, 90.0), (False, 100.0)])
def test_late_without_a_time_costs_one_day(stated, expected):
    """A platform that says "late" and not when; without any word nothing is lost."""
    found = mark([attempt(1, None, origin=FILES, stated_late=stated)], [graded(1, 100.0)])
    assert found.points == expected


def test_bonus_comes_on_top_and_not_into_the_denominator():
    """100 of 100 and 5 of a bonus are 105 of 100; extra credit by hand stands in place of the bonus."""
    found = mark([attempt(1)], [graded(1, 100.0, 5.0)])
    assert (found.points, found.out_of) == (105.0, 100.0)
    assert (
        mark([attempt(1)], [graded(1, 100.0, 5.0)], entries=[points(1, 8.0, by_hand.EXTRA)]).points == 108.0
    )
