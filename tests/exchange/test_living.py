"""A changed ``course_config.py`` takes effect in a running exchange: pages, judge, publisher."""

import logging
import os
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from autograder.course import CONFIG_NAME, Limits
from autograder.exchange.grading import publisher
from autograder.exchange.grading.judge import Judge
from autograder.marks.tables import STANDINGS
from autograder.results.store import read_result
from tests.booked import read_booked

from .facts import ago, configure, due_of, handed_in
from .test_pages import logged_in


def rewrite(desk, *pairs):
    """Change the file as an editor does; nobody is told."""
    path = desk.course.root / CONFIG_NAME
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)


def test_a_changed_date_is_in_force_within_seconds(stage, desk):
    """Nobody restarts anything: the next look at the listing shows it, and lateness follows."""
    made = handed_in(stage, desk, 80.0)
    old = desk.course.units[0].due
    rewrite(desk, (old, "2026-01-17T23:59+01:00"))
    ends = time.monotonic() + 10
    while due_of(stage.student().get("api/units").json()[0]).year != 2026 or not _lost(stage, made):
        assert time.monotonic() < ends
        time.sleep(0.1)
    assert stage.student().get(f"api/attempts/{made}").json()["mark"] == 0.0


def _lost(stage, attempt):
    return stage.student().get(f"api/attempts/{attempt}").json()["late_percent"] == 100.0


def test_a_file_that_does_not_load_keeps_the_course_and_is_logged_once(desk, caplog):
    """Half a file, or none, changes nothing; once it is put right it is in force."""
    path, before = desk.course.root / CONFIG_NAME, desk.course
    text = path.read_text()
    with caplog.at_level(logging.ERROR, "course.exchange"):
        path.write_text(text[: len(text) // 2])
        for _ in range(3):
            assert desk.living.now(at_once=True) is before
        assert len(caplog.records) == 1
        assert "the course of before stays in force" in caplog.text
        path.unlink()
        assert desk.living.now(at_once=True) is before
    path.write_text(text.replace("percent_per_day=10.0", "percent_per_day=25.0"))
    assert desk.living.now(at_once=True).late.percent_per_day == 25.0


def test_edits_of_one_length_within_a_second_are_all_seen(desk):
    """Python's cache of compiled files would tell them apart by full seconds only."""
    for percent in ("20.0", "30.0", "40.0"):
        old = f"percent_per_day={desk.course.late.percent_per_day}"
        rewrite(desk, (old, f"percent_per_day={percent}"))
        assert desk.living.now(at_once=True).late.percent_per_day == float(percent)


def test_a_file_that_says_the_same_is_the_same_course(desk):
    """A touched file costs no worker its warm graders."""
    before = desk.course
    os.utime(desk.course.root / CONFIG_NAME, (1, 1))
    assert desk.living.now(at_once=True) is before


def test_what_the_exchange_was_opened_with_stays(desk, caplog):
    """Another data folder would be one without the attempts: that waits for a restart, and is said."""
    rewrite(desk, ('data="data"', 'data="elsewhere"'))
    with caplog.at_level(logging.WARNING, "course.exchange"):
        assert desk.living.now(at_once=True).data == "data"
    assert "when the exchange is started again" in caplog.text


def test_units_come_and_go(stage, desk):
    """A new unit is there at once; of one that is gone the answer is a sentence, and staff's pages stand."""
    made = handed_in(stage, desk, 80.0)
    line = 'Unit("relu", "ReLU", due="2027-03-01T12:00+00:00", hours=1),'
    rewrite(desk, ("    ),\n    data", f"        {line}\n    ),\n    data"))
    desk.living.now(at_once=True)
    assert [unit["unit"] for unit in stage.staff().get("api/units").json()] == ["softmax", "relu"]
    path = desk.course.root / CONFIG_NAME
    kept = [each for each in path.read_text().splitlines() if 'Unit("softmax"' not in each]
    path.write_text("\n".join(kept))
    desk.living.now(at_once=True)
    assert [unit["unit"] for unit in stage.staff().get("api/units").json()] == ["relu"]
    answer = stage.student().get(f"api/attempts/{made}")
    assert (answer.status_code, "not in the course any more" in answer.json()["error"]) == (404, True)
    with logged_in(stage, "ta-1", "formgrade-course") as teacher:
        assert teacher.get("staff").status_code == 200
        assert teacher.get(f"attempts/{made}").status_code == 404


def test_a_date_does_not_cool_a_judge_and_a_limit_does(course, desk):
    """Verdicts follow from limits and units, not from dates and policies."""
    judge = Judge(course, desk.blobs, "walled")
    unit = course.units[0]
    moved = replace(course, units=(replace(unit, due="2026-01-17T12:00+00:00"),), counts="last")
    assert not judge.stale(moved)
    assert judge.stale(replace(course, limits=Limits(call_seconds=1.0)))
    assert judge.stale(replace(course, units=(unit, replace(unit, name="relu"))))


class _Enough(Exception):
    """Ends a publisher."""


def _publish(desk, monkeypatch):
    def end(seconds):
        raise _Enough

    monkeypatch.setattr(publisher.time, "sleep", end)
    with pytest.raises(_Enough):
        publisher.publish(desk)


def test_the_publisher_writes_anew_what_another_date_concerns(stage, desk, monkeypatch):
    """Nothing is graded again; results and gradebook are written again, once."""
    handed_in(stage, desk, 80.0)
    counts = []
    for due in (None, None, ago(desk, hours=2)):
        configure(desk, due=due)
        _publish(desk, monkeypatch)
        with desk.database.read() as connection:
            (row,) = connection.execute(select(STANDINGS)).all()
        assert row.changes == row.written == row.projected
        counts.append(row.changes)
    assert counts == [counts[0], counts[0], counts[0] + 1]
    assert read_result(desk.course, "softmax", "student-001").score == 80.0
    assert "student-001" in read_booked(desk.course, "softmax")
