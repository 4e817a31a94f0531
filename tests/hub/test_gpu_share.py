"""How much of the GPUs is left for a student this week, and what they and the operator read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from tornado.web import HTTPError

from autograder.course import Course, load_course
from autograder.hub.gpus.book import GpuBook
from autograder.hub.gpus.settings import TimeLeft, book_file
from autograder.hub.gpus.share import share_of, week_of
from autograder.hub.process.options import Options
from autograder.hub.servers.spawners import BeforeSpawn
from tests.batch.small import in_process

CONFIG = """
from autograder.course import Course, Profile, Unit
course = Course("tiny", "Tiny", (Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1),),
    profiles=(Profile("small", "NumPy"), Profile("gpu", "Two GPUs", gpus=2, hours=4)),
    gpu_hours_per_week={}, zone="Europe/Berlin")
"""


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    """Ten GPU hours for everybody and week."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    (tmp_path / "course_config.py").write_text(CONFIG.format(10))
    return load_course(tmp_path)


def used(course: Course, user: str, gpu_hours: float) -> GpuBook:
    """A book in which somebody held two GPUs until now."""
    book, now = GpuBook(book_file(course), ["0", "1"]), datetime.now(UTC).timestamp()
    with book._write() as db:
        begin = now - gpu_hours * 3600 / 2
        db.execute(
            "INSERT INTO uses (server, user, gpus, asked, seen, boot, granted, started, ended)"
            " VALUES (?, ?, 2, ?, ?, '', ?, ?, ?)",
            (f"{user}/", user, begin, now, begin, begin, now),
        )
    return book


@pytest.fixture
def midweek(monkeypatch):
    """The week began four days ago, whatever today is."""
    begin = datetime.now(UTC) - timedelta(days=4)
    for place in ("autograder.hub.gpus.share", "autograder.hub.gpus.overview"):
        monkeypatch.setattr(f"{place}.week_of", lambda *_: (begin, begin + timedelta(days=7)))


def start(course: Course, user: str, profile: str = "gpu", staff: bool = False) -> SimpleNamespace:
    """What the hub does before it starts a server."""
    groups = [SimpleNamespace(name="formgrade-tiny")] if staff else []
    spawner = SimpleNamespace(
        name="", user=SimpleNamespace(name=user, groups=groups), environment={}, start_timeout=120,
        user_options={"profile": profile},
    )  # fmt: skip
    BeforeSpawn(course, course.profiles, Options(spawner="system"))(spawner)
    return spawner


def test_weeks_begin_on_monday_where_the_course_is(course):
    """Also in the week in which the clock changes, which has an hour more."""
    begin, renews = week_of(course, datetime(2027, 10, 31, 23, 30, tzinfo=UTC))
    assert (begin.isoformat(), renews.isoformat()) == (
        "2027-11-01T00:00:00+01:00",
        "2027-11-08T00:00:00+01:00",
    )
    begin, renews = week_of(course, datetime(2027, 10, 31, 22, 30, tzinfo=UTC))
    assert begin.isoformat() == "2027-10-25T00:00:00+02:00"
    assert renews.timestamp() - begin.timestamp() == (7 * 24 + 1) * 3600


def test_a_server_ends_with_the_share(course, midweek):
    """Four of ten GPU hours are left: of two GPUs two hours. For staff, and without a GPU, all is as ever."""
    used(course, "student-001", 6.0)
    assert 7190 <= int(start(course, "student-001").cmd[3]) <= 7200
    assert start(course, "student-001").gpus == 2 and start(course, "student-001", "small").gpus == 0
    assert start(course, "student-001", "small").cmd[3] == "14400"
    used(course, "ta-001", 30.0)
    assert start(course, "ta-001", staff=True).cmd[3] == "14400"


def test_nothing_is_left(course, midweek):
    """A sentence with what is left, and when it renews; the other profile starts."""
    used(course, "student-001", 9.95)
    with pytest.raises(HTTPError) as refused:
        start(course, "student-001")
    assert refused.value.status_code == 403
    said = str(refused.value.log_message)
    assert "0:03 of 10:00 hours are left" in said or "0:02 of 10:00 hours are left" in said
    assert "It renews on " in said and "without a GPU starts" in said
    assert start(course, "student-001", "small").environment["CUDA_VISIBLE_DEVICES"] == ""


def test_the_operator_lists_grants_and_stops(course, midweek, monkeypatch, capfd):
    """Who holds, who waits, what is left; more for one week; and out of the queue."""
    root = course.root
    assert in_process(["gpu", "list"], root, monkeypatch) == 2
    assert "no hub of this course has handed out a GPU" in capfd.readouterr().err
    book = used(course, "student-001", 9.95)
    holds, waits = book.ask("student-002/", "student-002", 2), book.ask("student-003/", "student-003", 1)
    assert book.turn(holds).devices == ("0", "1") and not book.turn(waits).devices
    book.start(holds)
    assert in_process(["gpu", "list", "--json"], root, monkeypatch) == 0
    said = json.loads(capfd.readouterr().out)
    assert [(use["user"], use["devices"]) for use in said["uses"]] == [
        ("student-002", ["0", "1"]),
        ("student-003", []),
    ]
    assert {each["user"] for each in said["people"]} == {"student-001", "student-002"}
    assert in_process(["gpu", "grant", "student-001", "2", "--reason", "thesis"], root, monkeypatch) == 0
    assert "student-001: 2:0" in capfd.readouterr().out
    share = share_of(course, 10, book, "student-001")
    assert share.allowed == 12 * 3600 and not share.refusal()
    assert in_process(["gpu", "stop", "student-003"], root, monkeypatch) == 0
    assert book.turn(waits).over
    assert in_process(["gpu", "stop", "student-003"], root, monkeypatch) == 2
    assert in_process(["gpu", "list"], root, monkeypatch) == 0
    assert "holds GPU 0, 1" in capfd.readouterr().out


@pytest.mark.parametrize(("value", "fine"), [("None", True), ("0.5", True), ("-1", False), ("'10'", False)])
def test_the_limit_in_the_course_s_file(tmp_path, monkeypatch, capfd, value, fine):
    """A number of hours that is not negative, or none."""
    (tmp_path / "course_config.py").write_text(CONFIG.format(value))
    assert in_process(["gpu", "list"], tmp_path, monkeypatch) == 2
    assert ("gpu_hours_per_week" in capfd.readouterr().err) == (not fine)


def test_a_student_reads_what_is_left(course, midweek):
    """On the hub's pages; staff, and who is not logged in, read nothing."""
    used(course, "student-001", 6.5)
    left = TimeLeft(course, lambda user: user.name != "ta-001")
    said = left(SimpleNamespace(name="student-001"))
    assert said in [f"Your GPU time of this week: 3:{minute} of 10:00 hours are left." for minute in (29, 30)]
    assert left(SimpleNamespace(name="ta-001")) == left(None) == ""


def test_no_limit(course, tmp_path):
    """Then nobody is asked, and no book is made."""
    (tmp_path / "course_config.py").write_text(CONFIG.format("None"))
    free = load_course(tmp_path)
    assert start(free, "student-001").cmd[3] == "14400" and not book_file(free).exists()
