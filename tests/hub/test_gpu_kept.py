"""Who used GPUs is kept as long as the course says, and is in a person's export and deletion."""

import json
import sqlite3
import time
import zipfile
from contextlib import closing

import pytest

from autograder.course import load_course
from autograder.hub.gpus.book import GpuBook, Held
from autograder.hub.gpus.kept import LEAST_DAYS, OVER, OWNERS, count_expired, delete_expired, forget, rows_of
from autograder.hub.gpus.loads import GpuLoad, Loads
from autograder.hub.gpus.settings import book_file
from tests.batch.small import in_process

DAY = 86_400.0
NOW = 1_800_000_000.0
FIRST, ALIKE = "student-001", "student-0010"  # one name begins as the other does
CONFIG = """
from autograder.course import Course, Profile, Retention, Unit
course = Course("tiny", "Tiny", (Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1),),
    profiles=(Profile("small", "NumPy"), Profile("gpu", "GPU", gpus=1)), retention=Retention({}))
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    (tmp_path / "course_config.py").write_text(CONFIG.format(""))
    return load_course(tmp_path)


def filled(course, now=NOW, ages=(200, 100, 2)):
    """A book in which two people held a GPU for an hour, so many days ago; the second still holds one."""
    book = GpuBook(book_file(course), ["0", "1"])
    for user in (FIRST, ALIKE):
        for number, age in enumerate(ages):
            end = now - age * DAY
            book.note_past(f"{user}/", Held(user, 1, job=f"{user}-{number}", since=end - 3600), end, "ended")
        book.give_extra(user, 3600, "ta-001", "lost a night")
        Loads(book.path).note(f"{user}/", GpuLoad(busy=50, used_mib=1, total_mib=2, idle_seconds=0.0))
    with closing(sqlite3.connect(book.path)) as db, db:
        db.execute("UPDATE extra SET moment = ?", (now - ages[0] * DAY,))
        db.execute("UPDATE loads SET moment = ?", (now - ages[0] * DAY,))
    place = book.ask(f"{ALIKE}/", ALIKE, 1)
    assert book.turn(place).devices
    return book, place


def counts(book, user):
    return {table: len(rows) for table, rows in rows_of(book.path, user).items()}


def test_every_table_says_whose_its_rows_are(course):
    """A new table that nobody has thought about fails this test."""
    book, _ = filled(course)
    with closing(sqlite3.connect(book.path)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert set(OWNERS) == tables - {"sqlite_sequence"} == set(OVER) | {"held"}


def test_what_is_over_for_long_goes(course):
    """With what was granted and reported; younger ones and a server that runs stay, and so does the sum."""
    book, place = filled(course)
    before = book.seconds(FIRST, NOW - 7 * DAY)
    assert count_expired(book.path, 180, NOW) == delete_expired(book.path, 180, NOW) == 6
    assert counts(book, FIRST) == {"uses": 2}
    assert counts(book, ALIKE) == {"uses": 3, "held": 1} and book.turn(place).devices
    assert book.seconds(FIRST, NOW - 7 * DAY) == before == 3600
    assert delete_expired(book.path, 180, NOW) == 0


def test_this_week_stays_whatever_the_course_says(course):
    """Since its hours count; the control: what is older goes. Without a period nothing does."""
    book, _ = filled(course, ages=(LEAST_DAYS + 1, LEAST_DAYS - 1))
    assert delete_expired(book.path, None, NOW) == 0 and counts(book, FIRST)["uses"] == 2
    delete_expired(book.path, 0, NOW)
    assert counts(book, FIRST) == {"uses": 1}
    assert delete_expired(book.path.with_name("none.sqlite"), 0, NOW) == 0, "a hub without GPUs has no book"


def test_all_of_one_person_goes(course):
    """Nobody else's; of who holds a GPU now that is left, until it is over."""
    book, place = filled(course)
    others = counts(book, ALIKE)
    assert forget(book.path, FIRST) == 0 and counts(book, FIRST) == {} and counts(book, ALIKE) == others
    assert forget(book.path, ALIKE) == 1 and counts(book, ALIKE) == {"uses": 1, "held": 1}
    book.give_up(place, "stopped")
    assert forget(book.path, ALIKE) == 0 and counts(book, ALIKE) == {}


def test_the_commands_cover_it(course, tmp_path, monkeypatch, capfd):
    """``course person`` of somebody of whom the course has nothing else, and ``course tidy``."""
    book, _ = filled(course, now=time.time())
    file = tmp_path / "all.zip"
    assert in_process(["person", "export", FIRST, str(file)], course.root, monkeypatch) == 0
    assert "3 gpu uses" in capfd.readouterr().out
    with zipfile.ZipFile(file) as archive:
        found = json.loads(archive.read("gpus.json"))
    assert {row["user"] for row in found["uses"]} == {FIRST} and found["extra"][0]["why"] == "lost a night"
    assert in_process(["person", "delete", ALIKE, "--yes"], course.root, monkeypatch) == 0
    assert f"'course gpu stop {ALIKE}'" in capfd.readouterr().out
    assert in_process(["tidy", "--preview"], course.root, monkeypatch) == 0
    assert "entries of who used GPUs: 3" in capfd.readouterr().out and counts(book, FIRST)["uses"] == 3
    assert in_process(["tidy"], course.root, monkeypatch) == 0
    assert counts(book, FIRST) == {"uses": 2}
    assert in_process(["person", "delete", FIRST, "--yes"], course.root, monkeypatch) == 0
    assert in_process(["person", "delete", FIRST], course.root, monkeypatch) == 2
