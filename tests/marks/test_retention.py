"""What is kept for how long: deleted by itself when its period is over, and never before."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from autograder.base.errors import ConfigError
from autograder.course import CONFIG_NAME, Retention, load_course
from autograder.exchange.grading.publisher import delete_expired
from autograder.exchange.retention import AT_ONCE, course_end, expired, tidy_expired
from autograder.exchange.store.desk import open_desk, stamp
from autograder.exchange.store.personal import holding
from autograder.exchange.store.tables import IN_HAND, VISITS
from autograder.judge.secret import course_secret
from autograder.marks import exceptions
from autograder.marks.graded import store
from autograder.marks.pseudonyms import pseudonym
from autograder.results.audit import note, read_audit

from .world import DEED, NOW, PASSED, UNIT, notebook, on_the_hub, said

DAY = 86_400


def keeping(course, words):
    """The course with another ``retention``."""
    path = course.root / CONFIG_NAME
    further = "from dataclasses import replace\nfrom autograder.course import Retention\n"
    further += f"course = replace(course, retention=Retention({words}))\n"
    path.write_text(f"{path.read_text()}\n{further}")
    return load_course(course.root)


@pytest.fixture
def open_with(course):
    """Opens the exchange of the course with a ``retention``, with an attempt of two students."""
    opened = []

    def start(words=""):
        desk = open_desk(keeping(course, words))
        opened.append(desk)
        for student in ("student-001", "student-002"):
            attempt = on_the_hub(desk, student, notebook(student))
            with desk.database.write() as connection:
                store(connection, attempt, said(attempt, PASSED), NOW)
        note(desk.course, UNIT, "3 days more, for student-001: ill", "ta-1")
        return desk

    yield start
    for desk in opened:
        desk.database.close()


def at(monkeypatch, desk, moment):
    """Let it be that moment for the exchange."""
    monkeypatch.setattr(type(desk), "now", lambda self: moment)
    monkeypatch.setattr(type(desk), "seconds", lambda self: moment.timestamp())


def end_of(desk):
    with desk.database.read() as connection:
        return course_end(desk.course, connection)


def facts_of(desk, *students):
    with desk.database.read() as connection:
        return [len(holding(connection, student).attempts) for student in students]


def test_without_a_period_no_fact_ever_goes(open_with, monkeypatch):
    """A century later."""
    desk = open_with()
    at(monkeypatch, desk, end_of(desk) + timedelta(days=36_500))
    tidy_expired(desk)
    assert facts_of(desk, "student-001", "student-002") == [1, 1]


def test_facts_go_when_the_course_has_ended_and_their_period_is_over(open_with, monkeypatch):
    """Not a minute before; the audit has a pseudonym then, and files are gone."""
    desk = open_with("facts_days=30")
    end = end_of(desk)
    with desk.database.read() as connection:
        files = [path for each in ("student-001", "student-002") for path in holding(connection, each).files]
    at(monkeypatch, desk, end + timedelta(days=30, minutes=-1))
    assert tidy_expired(desk) == [] and facts_of(desk, "student-001", "student-002") == [1, 1]
    at(monkeypatch, desk, end + timedelta(days=30, minutes=1))
    assert [str(each) for each in expired(desk)] == ["students with all their attempts, marks and files: 2"]
    assert facts_of(desk, "student-001", "student-002") == [1, 1]  # it was only asked for
    delete_expired(desk)
    at(monkeypatch, desk, end + timedelta(days=30, hours=24))
    delete_expired(desk)
    assert facts_of(desk, "student-001", "student-002") == [1, 1]  # it was seen less than a day ago
    at(monkeypatch, desk, end + timedelta(days=31, minutes=1))
    delete_expired(desk)
    assert facts_of(desk, "student-001", "student-002") == [0, 0]
    assert not any(desk.blobs.path(each).exists() for each in files)
    called = pseudonym(course_secret(desk.course), "student-001")
    lines = read_audit(desk.course, UNIT)
    assert "student-001" not in str(lines) and called in str(lines)
    assert expired(desk) == []


def test_the_course_ends_for_who_has_most_time(open_with, monkeypatch):
    """An extension of one student keeps everybody's facts, and so does a later end that the course names."""
    desk = open_with("facts_days=30")
    before = end_of(desk)
    with desk.database.write() as connection:
        exceptions.add(connection, UNIT, "student-002", exceptions.DAYS, "60", DEED)
    assert end_of(desk) == before + timedelta(days=60)
    at(monkeypatch, desk, before + timedelta(days=31))
    assert tidy_expired(desk) == [] and facts_of(desk, "student-001") == [1]


def test_a_named_end_is_never_before_the_last_date(open_with):
    """Later it counts, earlier it does not."""
    desk = open_with('facts_days=1, course_ends="2000-01-01T00:00+00:00"')
    assert end_of(desk).year > 2000
    assert Retention(course_ends="2099-01-01T00:00+00:00").course_ends.startswith("2099")


def test_a_slip_that_is_put_right_within_a_day_costs_nothing(open_with, monkeypatch, caplog):
    """What was seen is forgotten then: the day begins anew; the log warns the first time."""
    desk = open_with("facts_days=0")
    end = end_of(desk)
    at(monkeypatch, desk, end + timedelta(hours=1))
    tidy_expired(desk)
    assert "deleted from tomorrow on" in caplog.text
    at(monkeypatch, desk, end - timedelta(hours=1))
    tidy_expired(desk)
    at(monkeypatch, desk, end + timedelta(days=2))
    tidy_expired(desk)
    assert facts_of(desk, "student-001", "student-002") == [1, 1]


def test_some_go_at_each_look(open_with, monkeypatch):
    """So that a look ends soon; the next one goes on."""
    desk = open_with("facts_days=0")
    at(monkeypatch, desk, end_of(desk) + timedelta(days=1))
    assert AT_ONCE > 1 and tidy_expired(desk, most=1) == []
    at(monkeypatch, desk, end_of(desk) + timedelta(days=2))
    tidy_expired(desk, most=1)
    assert facts_of(desk, "student-001", "student-002") == [0, 1]
    tidy_expired(desk, most=1)
    assert facts_of(desk, "student-002") == [0]


def test_what_no_mark_follows_from_goes_by_its_own_period(open_with, monkeypatch):
    """Visits, answers in hand, reports, exports, copies of databases; what is younger stays."""
    desk = open_with("visits_days=10, written_days=20, copies_days=30")
    now = datetime(2027, 6, 1, tzinfo=UTC)
    at(monkeypatch, desk, now)
    with desk.database.write() as connection:
        for place, days in (("old", 11), ("new", 9)):
            moment = stamp(now - timedelta(days=days))
            connection.execute(insert(VISITS).values(student="student-001", place=place, moment=moment))
            until = now.timestamp() - days * DAY + 9.5 * DAY
            connection.execute(insert(IN_HAND).values(attempt=place, name="why", who="ta-1", until=until))
    for folder, days in (("reports", 20), ("export", 20), ("backups", 30)):
        for name, age in (("old", days + 1), ("new", days - 1)):
            path = desk.course.data_folder / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
            os.utime(path, (now.timestamp() - age * DAY,) * 2)
    deleted = {each.kind: each.count for each in tidy_expired(desk)}
    assert deleted == {
        "notes of which page a student saw last": 1,
        "answers that somebody had before them": 1,
        "reports and exports": 2,
        "copies of databases from before an upgrade": 1,
    }
    with desk.database.read() as connection:
        assert connection.execute(select(VISITS.c.place)).scalars().all() == ["new"]
        assert connection.execute(select(IN_HAND.c.attempt)).scalars().all() == ["new"]
    folders = ("reports", "export", "backups")
    left = {path.name for folder in folders for path in (desk.course.data_folder / folder).iterdir()}
    assert left == {"new"}
    assert facts_of(desk, "student-001", "student-002") == [1, 1]


def test_a_course_without_units_has_no_end(open_with):
    """And nothing of it goes."""
    desk = open_with("facts_days=0")
    empty = replace(desk.course, units=())
    with desk.database.read() as connection:
        assert course_end(empty, connection) is None


def test_a_period_that_is_none_is_refused(course):
    """By the field's name."""
    with pytest.raises(ConfigError, match="visits_days is 1e\\+99, expected a number of days up to 36500"):
        keeping(course, "visits_days=1e99")


def test_an_end_without_a_zone_is_refused(course):
    """By the field's name."""
    with pytest.raises(ConfigError, match="course_ends is '2027-01-01', expected a moment with a time zone"):
        keeping(course, 'course_ends="2027-01-01"')
