"""A backup beside a running hub holds one state of all; put back elsewhere, marks and receipts hold."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.base.errors import ConfigError, UsageError
from autograder.course import Course
from autograder.exchange.store.desk import open_desk
from autograder.exchange.store.receipts import verify_receipt
from autograder.hub.process.options import hub_folder
from autograder.judge.secret import course_secret
from autograder.keeping.backup import make_backup
from autograder.keeping.databases import dump_command, elsewhere
from autograder.keeping.restore import restore
from autograder.marks import open_facts, read_facts
from autograder.marks.blobs import blobs_of
from autograder.marks.by_hand import POINTS, Entry, add
from autograder.marks.database import database_url
from autograder.marks.roster import roster_file
from tests.batch.small import in_process
from tests.marks.world import DEED, FAILED, UNIT, notebook, on_the_hub, with_results
from tests.postgres import postgres  # noqa: F401 - a fixture
from tests.waiting import meanwhile

from .conftest import files_of

STUDENTS = ("student-001", "student-002")


@pytest.fixture
def used(course: Course) -> Course:
    """The course with marks, a secret, people, and what a hub keeps."""
    with open_facts(course) as database:
        with_results(
            course, database, ("student-001", (FAILED,), DEED.moment), ("student-002", (), DEED.moment)
        )
        with database.write() as connection:
            attempt = read_facts(connection, course, course.unit(UNIT)).attempts["student-001"][0]
            add(connection, Entry(UNIT, "student-001", attempt.id, "backward", POINTS, 7.5), DEED)
    course_secret(course)
    roster_file(course).write_text("username,role,name,email\nstudent-001,student,,\n")
    for name in ("passwords", "first-passwords.csv", "homes/student-001/own.txt", "jupyterhub.pid"):
        path = hub_folder(course) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")
    return course


def marks(course: Course) -> dict[str, tuple[float | None, int]]:
    """Each student's mark, and out of how many attempts."""
    with open_facts(course) as database, database.read() as connection:
        facts = read_facts(connection, course, course.unit(UNIT))
        return {each: (facts.mark(each).points, len(facts.attempts[each])) for each in facts.students}


@contextmanager
def handing_in(course: Course) -> Iterator[list[str]]:
    """Students hand in all the time; their receipts."""
    desk, receipts = open_desk(course), []

    def hand_in(ended: threading.Event) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            receipts.append(on_the_hub(desk, f"student-1{number % 7}", notebook(str(number))).receipt)

    try:
        with meanwhile(hand_in):
            yield receipts
    finally:
        desk.database.close()


def test_marks_and_receipts_hold_elsewhere(used, other, tmp_path):
    """While others hand in: marks are those of before, and each attempt has its files and a good receipt."""
    before = marks(used)
    key = open_desk(used).signer.public_key()
    with handing_in(used) as receipts:
        while len(receipts) < 3:
            pass
        least = len(receipts)
        report = make_backup(used, tmp_path / "new" / "backup")
        while len(receipts) < least + 3:
            pass
    assert report.problems == () and report.blobs >= least
    restore(other, tmp_path / "new" / "backup")
    after = marks(other)
    assert {each: after[each] for each in STUDENTS} == before
    assert after["student-001"][0] == 27.5  # 20 of 60 by checks, and what a person gave for the rest
    desk = open_desk(other)
    assert desk.signer.public_key() == key
    with desk.database.read() as connection:
        kept = read_facts(connection, other, other.unit(UNIT)).attempts
    handed_in = [each for student, several in kept.items() if student not in STUDENTS for each in several]
    assert {each.receipt for each in handed_in} >= set(receipts[:least])
    for attempt in handed_in:
        assert verify_receipt(attempt.receipt, key).attempt == attempt.id
        assert all(len(blobs_of(other).get(file.sha256)) == file.size for file in attempt.files)
    assert course_secret(other) == course_secret(used)


def test_only_the_owner_can_read_it(used, tmp_path):
    """Folders 0700, files at most 0600; what can be made again, homes and first passwords are not in it."""
    used.data_folder.chmod(0o755)
    (used.data_folder / "gradebook.db").unlink(missing_ok=True)
    report = make_backup(used, tmp_path / "backup")
    for path in [tmp_path / "backup", *(tmp_path / "backup").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    names = set(files_of(tmp_path / "backup" / "data"))
    assert {"secret", "roster.csv", "hub/passwords", "exchange/exchange.db"} <= names
    assert "gradebook.db" not in names and not (used.data_folder / "gradebook.db").exists()
    assert not [name for name in names if re.search(r"first-passwords|homes|\.pid$|-wal$|-shm$", name)]
    assert {"hub/homes", "hub/first-passwords.csv", "hub/jupyterhub.pid"} <= set(report.left_out)


def test_it_is_put_back_as_it_was(used, other, tmp_path):
    """Modes are those of before, databases 0600; nothing more is in the folder."""
    (used.data_folder / "roster.csv").chmod(0o640)
    make_backup(used, tmp_path / "backup")
    report = restore(other, tmp_path / "backup")
    copied = files_of(tmp_path / "backup" / "data")
    assert files_of(other.data_folder) == copied and report.files == len(copied)
    modes = {name: stat.S_IMODE((other.data_folder / name).stat().st_mode) for name in copied}
    assert (modes["roster.csv"], modes["exchange/exchange.db"], modes["secret"]) == (0o640, 0o600, 0o600)


KILLED = """
import os
from pathlib import Path
from autograder.course import load_course
from autograder.keeping import backup
backup.write_private = lambda *_: os._exit(9)
backup.make_backup(load_course(Path.cwd()), Path("aside/backup"))
"""


def test_a_killed_backup_leaves_none_under_its_name(used, tmp_path):
    """Half of one is never taken for one, and the next run clears it away."""
    (tmp_path / "aside" / ".of-somebody-else.part").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=used.root, check=False)
    assert done.returncode == 9
    assert not (tmp_path / "aside" / "backup").exists() and len(os.listdir(tmp_path / "aside")) == 2
    make_backup(used, tmp_path / "aside" / "backup")
    assert sorted(os.listdir(tmp_path / "aside")) == [".of-somebody-else.part", "backup"]


def test_a_file_that_the_facts_name_is_missed(used, tmp_path, monkeypatch, capfd):
    """Exit code 1 and its name; the rest is in the backup. Another one is damaged."""
    blobs = sorted((used.data_folder / "exchange" / "blobs").rglob("*"))
    lost, changed = [path for path in blobs if path.is_file()]
    lost.unlink()
    changed.write_bytes(b"other")
    assert in_process(["backup", "backup", "--json"], used.root, monkeypatch) == 1
    said = json.loads(capfd.readouterr().out)["problems"]
    assert len(said) == 2 and any("missing" in each and lost.name in each for each in said)
    assert any("damaged" in each and changed.name in each for each in said)
    assert (used.root / "backup" / "data" / "secret").exists()


def test_places_that_are_refused(used, tmp_path):
    """In the data, or where something is; an empty folder is taken."""
    with pytest.raises(UsageError, match="lies in the data folder"):
        make_backup(used, used.data_folder / "backup")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        make_backup(used, tmp_path / "full")
    (tmp_path / "empty").mkdir()
    make_backup(used, tmp_path / "empty")
    damaged = used.data_folder / "exchange" / "exchange.db"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:4096] + b"\0" * (len(content) - 4096))
    with pytest.raises(ConfigError, match=r"exchange\.db .*damaged"):
        make_backup(used, tmp_path / "third")
    assert not (tmp_path / "third").exists()


def changed(backup: Path) -> str:
    (backup / "data" / "secret").write_text("0" * 64 + "\n")
    return "secret was changed since"


def cut(backup: Path) -> str:
    (backup / "data" / "roster.csv").unlink()
    return "roster.csv is missing"


def outside(backup: Path) -> str:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"data/secret"', '"data/../../secret"'))
    return "lies in no backup"


def of_another(backup: Path) -> str:
    path = backup / "manifest.json"
    path.write_text(path.read_text().replace('"course": "tiny"', '"course": "huge"'))
    return "is a backup of 'huge'"


def no_list(backup: Path) -> str:
    (backup / "manifest.json").unlink()
    return "expected a folder that 'course backup' made"


@pytest.mark.parametrize(
    "spoil", [changed, cut, outside, of_another, no_list], ids=lambda each: each.__name__
)
def test_a_spoilt_backup_restores_nothing(spoil, used, other, tmp_path):
    """A sentence, and a data folder as before."""
    make_backup(used, tmp_path / "backup")
    said = spoil(tmp_path / "backup")
    with pytest.raises((ConfigError, UsageError), match=said):
        restore(other, tmp_path / "backup")
    assert not other.data_folder.exists() and sorted(os.listdir(other.root)) == [
        "course_config.py",
        "release",
    ]


def test_nothing_is_written_over(used, other, tmp_path, monkeypatch, capfd):
    """Data that is there stays, and a hub that still runs keeps them from being replaced: exit code 2."""
    make_backup(used, tmp_path / "backup")
    other.data_folder.mkdir()
    (other.data_folder / "secret").write_text("mine")
    assert in_process(["restore", str(tmp_path / "backup")], other.root, monkeypatch) == 2
    assert "not empty; move it away first" in capfd.readouterr().err
    shutil.rmtree(other.data_folder)
    program = [sys.executable, "-c", "print(flush=True); input()", "autograder.hub.process.serve"]
    environment = {**os.environ, "COURSE_ROOT": str(other.root)}
    with subprocess.Popen(program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hub:
        hub.stdout.readline()  # it is under its own name by now
        assert in_process(["restore", str(tmp_path / "backup")], other.root, monkeypatch) == 2
        assert f"process {hub.pid}" in capfd.readouterr().err
    assert in_process(["restore", str(tmp_path / "backup"), "--json"], other.root, monkeypatch) == 0
    assert json.loads(capfd.readouterr().out)["files"] > 5


def test_links_and_sockets_are_told(used, tmp_path):
    """A link below the first level may lead anywhere: it is named, not followed."""
    moved = tmp_path / "disk"
    (used.data_folder / "exchange").rename(moved)
    (used.data_folder / "exchange").symlink_to(moved)
    (used.data_folder / "audit").mkdir(exist_ok=True)
    (used.data_folder / "audit" / "link").symlink_to("/etc/passwd")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(used.data_folder / "audit" / "s"))
        report = make_backup(used, tmp_path / "backup")
    assert [problem.split()[0] for problem in report.problems] == ["audit/link", "audit/s"]
    assert report.blobs == 2 and (tmp_path / "backup" / "data" / "exchange" / "exchange.db").exists()


def test_facts_on_postgresql_are_dumped(used, other, tmp_path, postgres, monkeypatch):  # noqa: F811
    """By pg_dump; the command that is printed puts them back, with the same marks."""
    url, new = postgres.fresh(), postgres.fresh()
    for name in ("pg_dump", "pg_restore"):
        assert shutil.which(name), f"{name} belongs to Debian's postgresql-client"
    monkeypatch.setenv("COURSE_DATABASE", url)
    with open_facts(used) as database:
        with_results(used, database, ("student-003", (), DEED.moment))
    before = marks(used)
    report = make_backup(used, tmp_path / "backup")
    assert report.databases[0] == "databases/facts.dump" and report.blobs >= 1 and not report.problems
    monkeypatch.setenv("COURSE_DATABASE", new)
    step = restore(other, tmp_path / "backup").next_steps[0]
    server = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "PGUSER": "course",
        "PGPASSWORD": postgres.password,
    }
    subprocess.run(step.split(), env={**os.environ, **server}, check=True)
    assert marks(other) == before and database_url(other) == new
    command, environment = dump_command(next(elsewhere(used)), tmp_path / "x")
    assert not [word for word in command if postgres.password in word]
    assert environment["PGPASSWORD"] == postgres.password
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="postgresql-client"):
        make_backup(used, tmp_path / "second")
