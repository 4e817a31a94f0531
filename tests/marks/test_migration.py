"""A data folder of the release before: all of it survives, a copy is made, a kill leaves the old one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from autograder.base.errors import ConfigError
from autograder.course import Course, load_course
from autograder.gradebook.catching_up import catch_up
from autograder.marks import open_facts, read_facts
from autograder.marks.database import Database, database_url
from autograder.marks.graded import result_of
from autograder.results.audit import read_audit
from autograder.unit.release import build, publish
from tests.batch.small import in_process
from tests.postgres import postgres  # noqa: F401 - a fixture

from .old_data.make import course_with_a_question

OLD = Path(__file__).parent / "old_data"
MARKS = json.loads((OLD / "marks.json").read_text())
KILLED = """
import os
from pathlib import Path
from autograder.course import load_course
from autograder.marks import files, open_facts
files.graded.store = lambda *_: os._exit(9)
with open_facts(load_course(Path.cwd())):
    pass
"""


@pytest.fixture(scope="session")
def old_course(tmp_path_factory) -> Path:
    """The course, released, with the data folder of the release before."""
    root = tmp_path_factory.mktemp("old") / "course"
    course_with_a_question(root)
    paths = list(sys.path)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(root)
        publish(course, course.units[0], build(course, course.units[0]))
    sys.path[:] = paths
    shutil.copytree(OLD / "data", root / "data", dirs_exist_ok=True)
    for name, folder in (("exchange", root / "data" / "exchange"), ("gradebook", root / "data")):
        with sqlite3.connect(folder / f"{name}.db") as database:
            database.executescript((OLD / f"{name}.sql").read_text())
        database.close()
    return root


@pytest.fixture
def course(old_course, tmp_path, monkeypatch) -> Course:
    """A copy for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    root = shutil.copytree(old_course, tmp_path / "course")
    return load_course(root)


def rows(file: Path) -> list[str]:
    """All that a database holds, as SQL."""
    with sqlite3.connect(file) as database:
        dump = list(database.iterdump())
    database.close()
    return dump


def exchange(course: Course) -> Path:
    return course.data_folder / "exchange" / "exchange.db"


def old_rows(course: Course, columns: str, table: str) -> list[tuple]:
    """What the old exchange had, from the copy that was made of it."""
    (copy,) = course.data_folder.glob("backups/exchange-*.db")
    with sqlite3.connect(copy) as database:
        found = database.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
    database.close()
    return found


def test_every_attempt_and_every_result_survives(course):
    """Attempts of the hub with number, time and receipt; each result file is an attempt of its student."""
    results = {path.stem: json.loads(path.read_text()) for path in course.results("little").glob("*.json")}
    with open_facts(course) as database:
        migration = database.migration
        with database.read() as connection:
            facts = read_facts(connection, course, course.unit("little"))
            marks = {mark.student: mark for mark in facts.marks()}
            content = {
                each.attempt.id: result_of(connection, each.attempt.id)
                for mark in marks.values()
                for each in mark.attempts
            }
    assert (migration.found, migration.attempts, migration.taken_in) == (1, 3, 3)
    hub = {
        each.attempt.id: each.attempt
        for mark in marks.values()
        for each in mark.attempts
        if not each.attempt.from_files
    }
    for name, student, number, received, receipt in old_rows(
        course, "id, student, number, received, receipt", "attempts"
    ):
        new = hub.pop(name)
        assert (new.student, new.number, new.received, new.receipt) == (student, number, received, receipt)
        assert new.submitted == received and new.files
    assert not hub
    assert sorted(results) == sorted(marks) == sorted(MARKS)
    for student, result in results.items():
        counting = marks[student].counting
        assert (
            content[counting.attempt.id].to_json()
            == content[counting.attempt.id].from_json(json.dumps(result)).to_json()
        )
        assert counting.attempt.submitted == result["submitted"]
    assert {mark.student: len(mark.attempts) for mark in marks.values()} == {
        "student-001": 1,
        "student-002": 2,
        "student-003": 2,
        "student-004": 1,
    }


def test_what_people_gave_in_the_gradebook_survives(course):
    """Points, a comment, extra credit and an extension become facts, and each mark is what it was."""
    with open_facts(course) as database:
        catch_up(course, database)
        with database.read() as connection:
            facts = read_facts(connection, course, course.unit("little"))
            assert {mark.student: mark.points for mark in facts.marks()} == pytest.approx(MARKS)
            given = {
                (each.student, each.name, each.kind): each.points
                for several in facts.entries.values()
                for each in several
            }
            assert given == {
                ("student-001", "windows", "points"): 12.5,
                ("student-002", "why", "points"): 3.0,
                ("student-002", "why", "comment"): None,
                ("student-003", "sgd", "extra"): 2.0,
            }
            assert facts.due("student-004").late_days == 0 and facts.due("student-004").own
    assert {line["student"] for line in read_audit(course, "little") if "student" in line} <= set(MARKS)


def test_copies_are_made_before(course):
    """Of both databases, with what they held, for their owner alone."""
    before = {
        name: rows(path)
        for name, path in (("exchange", exchange(course)), ("gradebook", course.data_folder / "gradebook.db"))
    }
    with open_facts(course) as database:
        copies = {path.name.partition("-")[0]: path for path in database.migration.copies}
    assert {name: rows(path) for name, path in copies.items()} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in copies.values())
    assert sorted(course.data_folder.glob("backups/*")) == sorted(copies.values())


def test_a_second_run_changes_nothing(course):
    """No row and no copy more."""
    with open_facts(course):
        pass
    before, copies = rows(exchange(course)), sorted(course.data_folder.glob("backups/*"))
    with open_facts(course) as database:
        assert database.migration is None
    assert (rows(exchange(course)), sorted(course.data_folder.glob("backups/*"))) == (before, copies)


def test_a_kill_in_the_middle_leaves_the_old_one(course):
    """Killed while results are taken in: the tables are as they were, and the next run does it all."""
    before = rows(exchange(course))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=course.root, env=environment, check=False)
    assert done.returncode == 9
    assert rows(exchange(course)) == before
    with open_facts(course) as database:
        assert database.migration.taken_in == 3


def test_a_version_from_the_future_is_refused(course):
    """What a newer release has made is not touched, and the sentence says what to do."""
    with open_facts(course) as database, database.write() as connection:
        connection.execute(text("UPDATE schema_version SET version = 3"))
    before = rows(exchange(course))
    with (
        pytest.raises(ConfigError, match=r"has version 3, this release knows 2.*data/backups"),
        open_facts(course),
    ):
        pass
    assert rows(exchange(course)) == before


def test_the_command_says_what_it_does(course, monkeypatch, capfd):
    """--preview first, which leaves every file as it is; then done; then nothing to do."""
    files = sorted(
        path for path in course.data_folder.rglob("*") if path.suffix not in (".db-wal", ".db-shm")
    )
    before = rows(exchange(course))
    assert in_process(["migrate", "--preview"], course.root, monkeypatch) == 0
    told = capfd.readouterr().out
    for line in (
        "version 1 -> version 2",
        "stay as they are: 3",
        "-> attempts: 3",
        "points of 2 cells, 1 extensions",
    ):
        assert line in told
    now = sorted(path for path in course.data_folder.rglob("*") if path.suffix not in (".db-wal", ".db-shm"))
    assert now == files and rows(exchange(course)) == before
    assert in_process(["migrate"], course.root, monkeypatch) == 0
    printed = capfd.readouterr()
    assert printed.out.startswith(told.partition("preview")[0]) and "a copy of before: " in printed.out
    assert in_process(["migrate"], course.root, monkeypatch) == 0
    assert "nothing to do" in capfd.readouterr().out


def test_an_upgrade_is_taken_back(course, tmp_path, monkeypatch, capfd):
    """Backup, migrate, and back: the release before finds its databases and files as it left them."""
    before = rows(exchange(course)), rows(course.data_folder / "gradebook.db")
    kept = sorted(path.name for path in (course.data_folder / "exchange").rglob("*") if path.is_file())
    backup = str(tmp_path / "before-the-upgrade")
    assert in_process(["backup", backup], course.root, monkeypatch) == 0
    assert (rows(exchange(course)), rows(course.data_folder / "gradebook.db")) == before, (
        "a backup upgrades nothing"
    )
    assert in_process(["migrate"], course.root, monkeypatch) == 0
    assert rows(exchange(course)) != before[0]
    assert in_process(["restore", backup], course.root, monkeypatch) == 2
    course.data_folder.rename(course.root / "data-of-the-upgrade")
    assert in_process(["restore", backup], course.root, monkeypatch) == 0
    assert (rows(exchange(course)), rows(course.data_folder / "gradebook.db")) == before
    now = sorted(path.name for path in (course.data_folder / "exchange").rglob("*") if path.is_file())
    assert {name for name in kept if not name.endswith(("-wal", "-shm"))} == set(now)
    capfd.readouterr()
    assert in_process(["migrate"], course.root, monkeypatch) == 0, "and the upgrade can be tried again"
    assert "version 1 -> version 2" in capfd.readouterr().out


def test_results_of_files_alone_are_taken_in_at_first_use(course, monkeypatch, capfd, caplog):
    """A course that never had a hub: any command does it, and says so in the log, which is standard error."""
    exchange(course).unlink()
    assert in_process(["mark", "little", "student-004"], course.root, monkeypatch) == 0
    printed = capfd.readouterr()
    assert "student-004, Little" in printed.out and "4 results of files" in caplog.text
    assert [path.name.partition("-")[0] for path in course.data_folder.glob("backups/*")] == ["gradebook"]


def test_a_new_folder_has_nothing_to_bring(course, monkeypatch, capfd):
    """No copy, no word; and a preview makes no file."""
    shutil.rmtree(course.data_folder)
    assert in_process(["migrate", "--preview"], course.root, monkeypatch) == 0
    assert "nothing to do" in capfd.readouterr().out and not course.data_folder.exists()
    with open_facts(course) as database:
        assert database.migration is None and not (course.data_folder / "backups").exists()


def test_on_postgresql(course, postgres, monkeypatch):  # noqa: F811
    """The same tables there get their columns, in one transaction."""
    url = postgres.fresh()
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (OLD / "exchange.sql").read_text().split(";\n"):
            if statement.startswith(("CREATE TABLE", "INSERT")):
                connection.exec_driver_sql(statement.replace("%", "%%"))
    monkeypatch.setenv("COURSE_DATABASE", url)
    assert database_url(course) == url
    database = Database(url, course)
    assert (database.migration.attempts, database.migration.taken_in) == (3, 3)
    with database.read() as connection:
        names = {column["name"] for column in inspect(connection).get_columns("attempts")}
        marks = {mark.student: mark for mark in read_facts(connection, course, course.unit("little")).marks()}
    assert {"origin", "submitted", "stated_late"} <= names and sorted(marks) == sorted(MARKS)
    database.close()
    engine.dispose()
