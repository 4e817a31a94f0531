"""A student's own due date: extensions, accommodations, late days, and days by the calendar."""

from dataclasses import replace
from datetime import datetime

import pytest

from autograder.course import Course, LatePolicy, Unit
from autograder.marks.dates import due_of
from autograder.marks.exceptions import DAYS, FACTOR, HOURS, LATE_DAY, UNTIL, Exemption
from autograder.results.late import lateness, parse_time, started_days

UNIT = Unit("relu", "ReLU", due="2027-03-27T23:59+01:00", hours=1, opens="2027-03-17T23:59+01:00")
COURSE = Course("c", "C", (UNIT,), zone="Europe/Berlin")


def exemption(kind: str, value: str, number: int = 1) -> Exemption:
    return Exemption(number, "relu", "student-001", kind, value, "ta", "", "")


def due(*given: Exemption, course: Course = COURSE) -> str:
    return due_of(course, UNIT, given).moment.isoformat(timespec="minutes")


def test_without_an_exception_it_is_the_units():
    """The unit's date, in the course's zone."""
    assert due() == "2027-03-27T23:59+01:00"


def test_a_day_is_a_day_of_the_calendar():
    """In the night to 28 March 2027 the clocks go forward: the same time of day, one day later."""
    assert due(exemption(DAYS, "1")) == "2027-03-28T23:59+02:00"
    assert due(exemption(LATE_DAY, "1"), exemption(LATE_DAY, "1", 2)) == "2027-03-29T23:59+02:00"


def test_hours_are_hours():
    """24 hours over that night end an hour later by the clock."""
    assert due(exemption(HOURS, "24")) == "2027-03-29T00:59+02:00"


def test_the_last_until_counts_and_days_come_on_top():
    """A date, another date, and a late day."""
    first = exemption(UNTIL, "2027-04-01T12:00+02:00", 1)
    second = exemption(UNTIL, "2027-03-30T12:00+02:00", 2)
    assert due(first, second, exemption(LATE_DAY, "1", 3)) == "2027-03-31T12:00+02:00"


def test_a_factor_stretches_the_working_time():
    """Ten days and a half more: fifteen days from the opening."""
    assert due(exemption(FACTOR, "1.5")) == "2027-04-02T00:59+02:00"
    assert due_of(COURSE, replace(UNIT, opens=None), [exemption(FACTOR, "1.5")]).own is False


@pytest.mark.parametrize(
    ("moment", "days"),
    [("2027-10-31T23:30+01:00", 1), ("2027-11-01T00:00+01:00", 2), ("2027-10-31T00:00+02:00", 1)],
)
def test_late_on_sunday_night_is_one_day_when_the_clocks_go_back(moment, days):
    """Due Saturday 23:59; Sunday has 25 hours, and is one day."""
    due = due_of(COURSE, replace(UNIT, due="2027-10-30T23:59+02:00")).moment
    assert started_days(due, parse_time(moment)) == days
    assert lateness(LatePolicy(10.0, 5, 0), due, moment).percent == 10.0 * days


def test_without_a_zone_a_day_has_24_hours():
    """The offset of the date is all that is known."""
    due = datetime.fromisoformat("2027-10-30T23:59+02:00")
    assert started_days(due, parse_time("2027-10-31T23:30+01:00")) == 2


def test_an_until_takes_no_time_away():
    """The class's date was moved behind what one student had been given: it is theirs, too."""
    moved = replace(UNIT, due="2027-04-10T23:59+02:00")
    given = due_of(COURSE, moved, [exemption(UNTIL, "2027-04-01T12:00+02:00")])
    assert given.moment == datetime.fromisoformat(moved.due)
