"""What a late submission loses."""

from datetime import datetime, timedelta

import pytest

from autograder.course import LatePolicy
from autograder.results.late import lateness, parse_time

DUE = "2027-01-17T23:59+01:00"
POLICY = LatePolicy(percent_per_day=10.0, days=5, grace_minutes=15)


@pytest.mark.parametrize(
    ("submitted", "percent"),
    [
        (None, 0.0),
        ("nonsense", 0.0),
        ("2027-01-17T22:00:00+01:00", 0.0),
        ("2027-01-18T00:14:00+01:00", 0.0),  # exactly the grace period
        ("2027-01-18T00:14:01+01:00", 10.0),
        ("2027-01-17T23:14:01+00:00", 10.0),  # the same moment elsewhere
        ("2027-01-17 23:14:01 UTC", 10.0),  # as nbgrader writes it
        ("2027-01-17 23:14:01.000000 UTC", 10.0),
        ("2027-01-18T23:59:00+01:00", 10.0),  # the end of the first day
        ("2027-01-18T23:59:01+01:00", 20.0),
        ("2027-01-22T23:59:00+01:00", 50.0),
        ("2027-01-22T23:59:01+01:00", 100.0),
    ],
)
def test_each_started_day_costs(submitted, percent):
    """Ten per cent for each started day, nothing within the grace period, everything after five days."""
    assert lateness(POLICY, DUE, submitted).percent == percent


def test_a_students_own_date_is_what_counts():
    """A student whose date is two days later is on time two days later."""
    own = datetime.fromisoformat(DUE) + timedelta(days=2)
    assert lateness(POLICY, own, "2027-01-19T20:00+01:00").percent == 0.0


def test_the_penalty_is_part_of_the_mark():
    """The penalty is a share of the mark, and never makes it negative."""
    late = lateness(POLICY, DUE, "2027-01-18T12:00+01:00")
    assert late.penalty(77.0) == 7.7
    assert late.penalty(-3.0) == 0.0
    assert lateness(LatePolicy(60.0, 5), DUE, "2027-01-19T12:00+01:00").percent == 100.0


def test_a_time_without_a_zone_is_utc():
    """As nbgrader reads it."""
    assert parse_time("2027-01-17 12:00:00") == parse_time("2027-01-17T12:00:00+00:00")
