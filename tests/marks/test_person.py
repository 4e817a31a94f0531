"""``course person``: all of one student as a file, or deleted; others keep what is theirs."""

import json
import os
import stat
import zipfile

import pytest
from sqlalchemy import func, select

from autograder.exchange.store.desk import open_desk
from autograder.exchange.store.personal import KINDS, NOBODY, OF_ATTEMPT, OF_ENTRY, OWN
from autograder.exchange.store.tables import METADATA
from autograder.gradebook import project
from autograder.gradebook.database import open_gradebook
from autograder.judge.secret import course_secret
from autograder.marks import by_hand, exceptions, requests
from autograder.marks.blobs import blobs_of
from autograder.marks.graded import store
from autograder.marks.pseudonyms import pseudonym
from autograder.marks.requests import LookAgain
from autograder.results.audit import note, read_audit
from autograder.results.store import result_path, write_result
from tests.batch.small import in_process

from .world import DEED, FAILED, NOW, PASSED, UNIT, notebook, on_the_hub, said

BOTH = ("student-001", "student-0010")  # one name begins as the other does


@pytest.fixture
def filled(course):
    """Two students with the same first notebook, marks, exceptions, a request, and rows in the gradebook."""
    desk = open_desk(course)
    for student in BOTH:
        first = on_the_hub(desk, student, notebook("same"))
        own = on_the_hub(desk, student, notebook(student))
        with desk.database.write() as connection:
            for attempt in (first, own):
                store(connection, attempt, said(attempt, PASSED, FAILED), NOW)
            by_hand.add(connection, by_hand.Entry(UNIT, student, own.id, "forward", "points", 30.0), DEED)
            exceptions.add(connection, UNIT, student, exceptions.DAYS, "2", DEED)
            requests.ask(connection, LookAgain(own.id, UNIT, student, "forward", "", "please"), NOW)
        write_result(course, said(own, PASSED, FAILED))
        note(course, UNIT, f"2 days more, for {student}: as agreed")
    project(course, desk.database, course.unit(UNIT), BOTH)
    yield course
    desk.database.close()


def rows(course, student):
    """How many rows name a student or belong to an attempt of theirs, over all tables."""
    desk = open_desk(course)
    with desk.database.read() as connection:
        ids = select(METADATA.tables["attempts"].c.id).where(METADATA.tables["attempts"].c.student == student)
        counts = [
            connection.execute(
                select(func.count()).where(
                    table.c.student == student if "student" in table.c else table.c.attempt.in_(ids)
                )
            ).scalar()
            for table in METADATA.tables.values()
            if "student" in table.c or "attempt" in table.c
        ]
    desk.database.close()
    return sum(counts)


def test_every_table_says_whose_its_rows_are():
    """A new table that nobody has thought about fails this test."""
    assert set(KINDS) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        ways = (("student", OWN), ("attempt", OF_ATTEMPT), ("entry", OF_ENTRY))
        assert KINDS[name] == next((kind for column, kind in ways if column in table.c), NOBODY), name


def test_an_export_has_all_of_one_student(filled, tmp_path, monkeypatch, capfd):
    """Rows, files, receipts and lines of the audit; nothing of others; only the owner can read it."""
    file = tmp_path / "all.zip"
    assert in_process(["person", "export", "student-001", str(file)], filled.root, monkeypatch) == 0
    assert "2 attempts" in capfd.readouterr().out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        names, facts = archive.namelist(), json.loads(archive.read("facts.json"))
        assert archive.read(f"attempts/{UNIT}/2/files/{UNIT}.ipynb") == notebook("student-001")
        assert archive.read(f"attempts/{UNIT}/1/receipt.txt") == facts["attempts"][0]["receipt"].encode()
        assert all(b"student-0010" not in archive.read(name) for name in names)
        assert b"2 days more, for student-001: as agreed" in archive.read(f"audit/{UNIT}.jsonl")
    assert f"written/results/{UNIT}/student-001.json" in names
    assert {row["student"] for row in facts["attempts"]} == {"student-001"}
    assert len(facts["results"]) == 2 and facts["by_hand"][0]["why"] == DEED.why
    assert in_process(["person", "export", "student-001", str(file)], filled.root, monkeypatch) == 2


def test_nothing_is_deleted_without_yes(filled, monkeypatch, capfd):
    """It is said what would be, and what never is."""
    before = rows(filled, "student-001")
    assert in_process(["person", "delete", "student-001"], filled.root, monkeypatch) == 0
    out = capfd.readouterr().out
    assert "Nothing was deleted" in out and "Not covered: backups" in out
    assert rows(filled, "student-001") == before > 10
    assert in_process(["person", "delete", "nobody"], filled.root, monkeypatch) == 2


def test_all_of_one_student_is_deleted(filled, monkeypatch, capfd):
    """The other, whose name begins alike and who has one file in common, keeps everything."""
    others, blobs = rows(filled, "student-0010"), blobs_of(filled)
    for path in blobs.folder.glob("??/*"):  # as if they had been handed in long ago
        path.chmod(0o600)
        os.utime(path, (0, 0))
        path.chmod(0o400)
    count = len(list(blobs.folder.glob("??/*")))
    assert in_process(["person", "delete", "student-001", "--yes"], filled.root, monkeypatch) == 0
    out = capfd.readouterr().out
    assert rows(filled, "student-001") == 0
    assert rows(filled, "student-0010") == others
    assert len(list(blobs.folder.glob("??/*"))) == count - 1 and "with 1 files" in out
    assert not result_path(filled, UNIT, "student-001").exists()
    assert result_path(filled, UNIT, "student-0010").exists()
    with open_gradebook(filled) as gradebook:
        assert [each.id for each in gradebook.students] == ["student-0010"]
    text = json.dumps(read_audit(filled, UNIT)).replace("student-0010", "")
    assert "student-001" not in text and text.count("deleted: attempt") == 2
    assert "2 days more, for person-" in text
    left = [path for path in filled.data_folder.rglob("*student-001") if path.is_dir()]
    assert left == []


def test_a_report_for_others_names_nobody(filled, monkeypatch, capfd):
    """Its pages have pseudonyms, always the same ones, and lie beside the usual report."""
    assert in_process(["report", UNIT, "--pseudonyms"], filled.root, monkeypatch) == 0
    folder = filled.data_folder / "reports-pseudonyms"
    text = (folder / UNIT / "index.html").read_text()
    assert "student-0" not in text + (folder / "index.html").read_text()
    assert text.count(pseudonym(course_secret(filled), "student-001")) >= 1
    assert not (filled.data_folder / "reports").exists()
