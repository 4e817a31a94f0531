"""What others write into the gradebook is taken in once, as facts, whenever something is killed."""

from dataclasses import replace

import pytest

from autograder.gradebook import foreign, projection
from autograder.gradebook.catching_up import project_behind
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.rows import Sending
from autograder.marks import by_hand, exceptions, open_facts
from autograder.marks.by_hand import COMMENT, EXTRA, POINTS
from autograder.marks.tables import BY_HAND, PROJECTED
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from tests.booked import read_booked

from .conftest import DEED, book, booked, caught_up, graded, mark_of, result, submission
from .conftest import by_hand as gives
from .test_projection import LATE, SOLVED, final, grade_row, with_bonus


def written(course, cell="points-forward", student="student-001", **values):
    """Write into a row of a graded cell, as a script does that knows nothing of us."""
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, student, cell)
        for name, value in ({"needs_manual_grade": False} | values).items():
            setattr(row, name, value)
        gradebook.db.commit()


def commented(course, text, cell="forward"):
    """Write a comment as nbgrader's own handler would."""
    with open_gradebook(course) as gradebook:
        gradebook.find_comment(cell, "relu", "relu", "student-001").manual_comment = text
        gradebook.db.commit()


def entries(course):
    """All that people gave, as (name, kind, points or comment), oldest first."""
    with open_facts(course) as database, database.read() as connection:
        found = by_hand.of_unit(connection, "relu")
    return [(each.name, each.kind, each.comment or each.points) for each in found]


def notes(course):
    """What the audit says beside changes of marks."""
    return [line["note"] for line in read_audit(course, "relu") if "note" in line]


def test_points_that_a_script_wrote_become_a_fact(course):
    """Once: by "gradebook", for the attempt that was shown, with a line in the audit; the mark follows."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    book(course, "student-001")
    written(course, manual_score=33.0)
    for _ in range(2):
        assert caught_up(course) == []
    with open_facts(course) as database, database.read() as connection:
        (entry,) = by_hand.of_unit(connection, "relu")
    assert (entry.attempt, entry.name, entry.points, entry.automatic) == (attempt.id, "forward", 33.0, 20.0)
    assert entry.who == "gradebook"
    assert final(course) == 73.0
    assert notes(course) == [
        "student-001: 33 points by hand for forward, found in nbgrader's gradebook and taken in"
    ]
    changes = [(line["old"], line["new"]) for line in read_audit(course, "relu") if "new" in line]
    assert changes == [(None, 60.0), (60.0, 73.0)]


def test_who_comes_again_soon_looks_only_at_what_changed(course):
    """A publisher need not read all rows each time; the next full look finds what a script wrote."""
    graded(course, result("student-001"))
    caught_up(course)
    written(course, manual_score=33.0)
    with open_facts(course) as database:
        for everybody, found in ((False, 0), (True, 1)):
            assert project_behind(course, database, everybody=everybody) == []
            assert len(entries(course)) == found


def test_all_that_a_person_may_write_is_taken_in(course):
    """Extra credit, comments and points for a written answer, which belong to its text."""
    path = submission(course, "student-001", why="Because of the kink.")
    booked(course, with_bonus(5.0), path)
    written(course, "why", manual_score=7.0)
    written(course, extra_credit=1.0)
    commented(course, "Nice try.")
    assert caught_up(course) == []
    assert entries(course) == [
        ("forward", EXTRA, 1.0),  # of points-forward
        ("why", POINTS, 7.0),
        ("forward", COMMENT, "Nice try."),
    ]
    assert final(course) == 108.0
    again = submission(course, "student-001", forward=SOLVED, why="Because of the kink.")
    booked(course, with_bonus(5.0), again)
    assert mark_of(course).counting.attempt.number == 2
    assert mark_of(course).counting.cells["why"].points == 7.0


def test_what_is_taken_out_of_the_gradebook_is_taken_back(course):
    """Points and a comment that a script empties are emptied in the facts; a bonus is not points by hand."""
    attempt = graded(course, with_bonus(5.0))
    gives(course, attempt, "forward", 33.0)
    gives(course, attempt, "forward", None, kind=COMMENT, comment="Nice try.")
    book(course, "student-001")
    written(course, manual_score=None, extra_credit=None)
    commented(course, None)
    assert caught_up(course) == []
    assert entries(course)[2:] == [("forward", POINTS, None), ("forward", COMMENT, None)]
    assert final(course) == 105.0


def test_an_extension_of_nbgrader_becomes_an_exemption(course):
    """Granted, made longer, and taken back: the student's own date is what the gradebook said last."""
    booked(course, result("student-001", submitted=LATE))
    for days, mark in ((1, 90.0), (2, 100.0), (0, 80.0)):
        with open_gradebook(course) as gradebook:
            gradebook.grant_extension("relu", "student-001", days=days)
        assert caught_up(course) == []
        assert caught_up(course) == []
        assert final(course) == mark
    with open_facts(course) as database, database.read() as connection:
        found = exceptions.every(connection)
    assert [(each.kind, each.value, each.who) for each in found] == [
        ("days", "1", "gradebook"),
        ("days", "1", "gradebook"),
        ("days", "-2", "gradebook"),
    ]
    assert len(notes(course)) == 3


def test_points_belong_to_the_attempt_that_was_shown(course):
    """A better attempt that came in meanwhile does not get what was given to the one before."""
    booked(course, result("student-001", Verdict.FAILED, Verdict.FAILED))
    written(course, manual_score=4.0)
    graded(course, result("student-001"), submission(course, "student-001", forward=SOLVED))
    assert caught_up(course) == []
    assert final(course) == 100.0
    first, second = mark_of(course).attempts
    assert (first.final, second.final) == (44.0, 100.0)


def test_what_the_facts_say_already_is_not_foreign(course):
    """A row that was written by nobody knows whom, and says the same: nothing is added."""
    attempt = graded(course, result("student-001"))
    book(course, "student-001")
    gives(course, attempt, "forward", 50.0)
    written(course, manual_score=50.0)
    assert caught_up(course) == []
    assert len(entries(course)) == 1
    assert notes(course) == []


def test_a_second_look_is_a_fact(course):
    """Points that waited because the checks gave others since; somebody left them as they are."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    gives(course, attempt, "forward", 33.0, automatic=20.0)
    booked(course, result("student-001"))
    assert read_booked(course, "relu")["student-001"].waiting
    written(course, needs_manual_grade=False)
    assert caught_up(course) == []
    assert not read_booked(course, "relu")["student-001"].waiting
    assert entries(course)[1:] == [("forward", POINTS, 33.0)]


def test_what_a_person_writes_meanwhile_is_not_lost(course, monkeypatch):
    """Points written between the reading of the rows and their writing stay, and are taken in next time."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    book(course, "student-001")
    gives(course, attempt, "forward", 30.0)
    send = Sending.send

    def after_a_person(*given):
        written(course, manual_score=55.0)
        return send(*given)

    monkeypatch.setattr(Sending, "send", after_a_person)
    book(course, "student-001")
    monkeypatch.undo()
    assert caught_up(course) == []
    assert entries(course) == [("forward", POINTS, 30.0), ("forward", POINTS, 55.0)]
    assert final(course) == 95.0


def test_a_gradebook_of_before_is_taken_in_as_it_is(course):
    """Without a record of ours all points, comments and extensions are a person's, but no bonus."""
    booked(course, replace(with_bonus(5.0), submitted=LATE), submission(course, "student-001", why="Kink."))
    forget(course)
    written(course, manual_score=33.0)
    written(course, "why", manual_score=7.0)
    commented(course, "Nice try.")
    with open_gradebook(course) as gradebook:
        gradebook.grant_extension("relu", "student-001", hours=36)
    for _ in range(2):
        assert caught_up(course) == []
    assert [each[:2] for each in entries(course)] == [
        ("forward", POINTS),
        ("why", POINTS),
        ("forward", COMMENT),
    ]
    assert final(course) == 33.0 + 5.0 + 40.0 + 7.0


@pytest.mark.parametrize("attempts", [1, 2])
def test_points_that_waited_in_an_older_gradebook_wait_again(course, attempts):
    """They were given to something else: of two attempts to the first, which then holds none down."""
    if attempts == 2:
        booked(course, result("student-001", Verdict.FAILED))
    booked(course, result("student-001"), submission(course, "student-001", forward=SOLVED))
    forget(course)
    written(course, manual_score=4.0, needs_manual_grade=True)
    assert caught_up(course) == []
    assert final(course) == (44.0 if attempts == 1 else 100.0)
    assert read_booked(course, "relu")["student-001"].waiting == (attempts == 1)


def test_rows_that_are_gone_take_nothing_back(course):
    """A gradebook that was removed, and made anew by nbgrader's own commands, has no points of anybody."""
    attempt = graded(course, result("student-001"))
    gives(course, attempt, "forward", 33.0)
    book(course, "student-001")
    with open_gradebook(course) as gradebook:
        gradebook.remove_submission("relu", "student-001")
        gradebook.add_submission("relu", "student-001")
    assert caught_up(course) == []
    assert len(entries(course)) == 1
    assert final(course) == 73.0


def forget(course):
    """A data folder of before there was a record."""
    with open_facts(course) as database, database.write() as connection:
        connection.execute(PROJECTED.delete())


class Killed(BaseException):
    """The end of a process."""


STEPS = [
    (foreign, "note"),
    (foreign, "keep_records"),
    (projection, "read_counted"),
    (projection, "keep_records"),
    (projection, "record"),
    (Sending, "send"),
]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("where", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_kill_at_any_step_loses_and_doubles_nothing(course, monkeypatch, where, step, before):
    """Points of a script are one fact; the next mark of a person holds over them; each mark is told once."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    book(course, "student-001")
    written(course, manual_score=33.0)
    do = getattr(where, step)

    def killed(*given):
        if not before:
            do(*given)
        raise Killed

    monkeypatch.setattr(where, step, killed)
    with pytest.raises(Killed):
        book(course, "student-001")
    monkeypatch.undo()
    taken = bool(entries(course))
    if taken:  # whoever corrects it now must not be overruled by what still stands in the gradebook
        gives(course, attempt, "forward", 44.0)
    assert caught_up(course) == []
    assert entries(course) == [("forward", POINTS, 33.0), *([("forward", POINTS, 44.0)] if taken else [])]
    assert final(course) == (84.0 if taken else 73.0)
    told = [line["new"] for line in read_audit(course, "relu") if "new" in line]
    assert told in ([60.0, 73.0, 84.0], [60.0, 84.0]) if taken else told == [60.0, 73.0]


def test_a_mark_is_told_once_though_the_rows_were_not_written(course, monkeypatch):
    """A kill between the audit and the gradebook: the next projection writes the rows, and no second line."""
    booked(course, result("student-001", Verdict.FAILED))
    graded(course, result("student-001"))
    monkeypatch.setattr(Sending, "send", lambda *_: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        book(course, "student-001")
    monkeypatch.undo()
    assert caught_up(course) == []
    assert [line["new"] for line in read_audit(course, "relu")] == [60.0, 100.0]
    assert final(course) == 100.0


def test_more_than_a_mark_can_be_is_said(course):
    """What cannot be a fact is written over, with a line in the audit that says so."""
    booked(course, result("student-001"))
    written(course, manual_score=1e9)
    assert caught_up(course) == []
    assert final(course) == 100.0
    assert "cannot be given by hand" in notes(course)[0]
    with open_facts(course) as database, database.read() as connection:
        assert connection.execute(BY_HAND.select()).all() == []
    assert DEED.who not in notes(course)[0]
