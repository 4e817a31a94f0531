"""Facts that were read before are used again as long as they are the same, and never longer."""

import pytest
from sqlalchemy import text

from autograder.exchange.store.desk import stamp
from autograder.exchange.store.personal import delete_facts
from autograder.exchange.views.known_facts import MOST, KnownFacts
from autograder.marks import exceptions, graded, kept, read_facts, requests
from autograder.marks.attempts import find
from autograder.marks.exceptions import DAYS, Deed
from autograder.marks.requests import LookAgain

from .big_class import with_units
from .facts import ago, configure, extend, give, handed_in, result

STUDENTS = ("student-001", "student-002", "nobody")


@pytest.fixture
def known(desk):
    """What a process knows, and how it is asked."""
    facts = KnownFacts()

    def ask(unit="softmax"):
        with desk.database.read() as connection:
            return facts.of(connection, desk.course, desk.course.unit(unit))

    return ask


def _lift(desk):
    with desk.database.write() as connection:
        for each in exceptions.of_unit(connection, "softmax"):
            exceptions.lift(connection, each, Deed("ta-1", stamp(desk.now())))


def _keep(desk, attempt):
    with desk.database.write() as connection:
        before = graded.find(connection, attempt)
        kept.keep(connection, find(connection, attempt), before, Deed("ta-1", stamp(desk.now())))


def _graded_anew(desk, attempt):
    with desk.database.write() as connection:
        graded.store(connection, find(connection, attempt), result(50.0), stamp(desk.now()))


CHANGES = {
    "handed in": lambda stage, desk, attempt: handed_in(stage, desk, 90.0, student="student-002"),
    "handed in again": lambda stage, desk, attempt: handed_in(stage, desk, 90.0),
    "graded anew": lambda stage, desk, attempt: _graded_anew(desk, attempt),
    "kept": lambda stage, desk, attempt: _keep(desk, attempt),
    "by hand": lambda stage, desk, attempt: give(desk, attempt, 70.0),
    "more time": lambda stage, desk, attempt: extend(desk, DAYS, "2"),
    "more time for who has nothing": lambda stage, desk, attempt: extend(desk, DAYS, "2", student="nobody"),
    "more time at all units": lambda stage, desk, attempt: extend(desk, DAYS, "2", unit=""),
    "more time for all": lambda stage, desk, attempt: extend(desk, DAYS, "2", student=""),
    "taken back": lambda stage, desk, attempt: _lift(desk),
    "another date": lambda stage, desk, attempt: configure(desk, due=ago(desk, hours=30)),
    "another rule": lambda stage, desk, attempt: configure(desk, course='counts="last"'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_a_mark_or_a_date_is_seen_at_once(stage, desk, known, change):
    """The known facts are those that the database has; the same ones where nothing changed."""
    attempt = handed_in(stage, desk, 60.0)
    extend(desk, DAYS, "1")
    before = known()
    assert known() is before
    CHANGES[change](stage, desk, attempt)
    after = known()
    assert after is not before
    with desk.database.read() as connection:
        fresh = read_facts(connection, desk.course, desk.course.unit("softmax"))
    for student in STUDENTS:
        assert (after.mark(student), after.due(student)) == (fresh.mark(student), fresh.due(student))
    assert after.students == fresh.students


def test_who_has_not_changed_is_not_read_again(stage, desk, known):
    """Nor is the mark computed again; whose data was deleted is not there any more."""
    first = handed_in(stage, desk, 60.0)
    handed_in(stage, desk, 80.0, student="student-002")
    before = known()
    marks = {student: before.mark(student) for student in STUDENTS}
    give(desk, first, 70.0)
    after = known()
    assert after.mark("student-002") is marks["student-002"]
    assert (marks["student-001"].points, after.mark("student-001").points) == (60.0, 70.0)
    delete_facts(desk, "student-002")
    gone = known()
    assert gone.students == ["student-001"] and gone.mark("student-002").points is None
    assert gone.mark("student-001") is after.mark("student-001")


def test_what_changes_no_mark_reads_nothing_again(stage, desk, known):
    """A request, and another unit."""
    attempt = handed_in(stage, desk, 60.0)
    before = known()
    with desk.database.write() as connection:
        asks = LookAgain(attempt, "softmax", "student-001", "softmax_forward", "", "I think so")
        requests.ask(connection, asks, stamp(desk.now()))
    assert known() is before


def test_few_units_stay_in_memory(stage, desk, known):
    """Those that were asked for last."""
    units = with_units(desk, MOST + 1)
    first = known()
    assert first.mark("student-001") is first.mark("student-001")
    for unit in units[1:]:
        known(unit)
    assert known() is not first


def test_an_older_database_gets_the_index_that_it_lacks(desk):
    """When it is opened; a student's page then reads no row by hand of others."""
    with desk.database.write() as connection:
        connection.execute(text("DROP INDEX by_hand_of_student"))
    again = type(desk.database)(str(desk.database._engine.url))
    with again.read() as connection:
        asked = "EXPLAIN QUERY PLAN SELECT * FROM by_hand WHERE student = 'x'"
        plan = connection.execute(text(asked)).all()
    again.close()
    assert "USING INDEX by_hand_of_student" in str(plan)
