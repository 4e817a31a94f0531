"""Times that nbgrader and platforms write."""

import pytest

from autograder.notebook.times import read_time

DUE = "2027-01-24T23:59+01:00"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-02-20 12:00:00.000000 CET", "2027-02-20T12:00:00+01:00"),
        ("2027-07-20 12:00:00.000000 CEST", "2027-07-20T12:00:00+02:00"),
        ("2027-02-20 12:00:00.000000 EST", "2027-02-20T12:00:00-05:00"),
        ("2027-02-20 12:00:00.123456789 Z", "2027-02-20T12:00:00.123456+00:00"),
        ("2027-02-20 12:00:00 UTC", "2027-02-20T12:00:00+00:00"),
        ("2027-02-20 12:00:00", "2027-02-20T12:00:00+00:00"),
        ("2027-02-20T12:00", "2027-02-20T12:00:00+00:00"),
        ("2027-02-20 12:00:00 +0530", "2027-02-20T12:00:00+05:30"),
        ("2027-02-20 12:00:00 -03", "2027-02-20T12:00:00-03:00"),
        ("2027-02-20 12:00:00 UTC+01:00", "2027-02-20T12:00:00+01:00"),
        ("2027-07-20 12:00:00 Europe/Berlin", "2027-07-20T12:00:00+02:00"),
    ],
)
def test_a_zone_is_read(text, moment):
    """By its short name, its offset or its whole name."""
    assert read_time(text, DUE).isoformat() == moment


@pytest.mark.parametrize(
    ("due", "hours"), [("2027-01-24T23:59-06:00", -6), ("2027-01-24T23:59+08:00", 8), (DUE, None)]
)
def test_a_short_name_of_several_zones(due, hours):
    """CST is the one where the course is; where it is neither, it cannot be read."""
    moment = read_time("2027-02-20 12:00:00 CST", due)
    assert (moment and moment.utcoffset().total_seconds() / 3600) == hours


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2027-02-30 12:00:00 UTC",
        "2027-02-20 12:00 XYZ",
        "2027-02-20 12:00 +99",
        "1.2.2027 12:00",
    ],
)
def test_what_is_no_time(text):
    """It is none, and stops nothing."""
    assert read_time(text, DUE) is None
