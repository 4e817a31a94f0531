"""``course roster import``: class lists into the roster, any number of times."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.base.errors import ConfigError, UsageError
from autograder.commands.roster import command
from autograder.course import Course
from autograder.hub.people.imports import read_class_list
from autograder.hub.people.passwords import read_hashes
from autograder.hub.process.options import hub_folder
from autograder.marks.roster import Member, add, read_roster, roster_file

HEADER = "username,role,name,email\n"
FIRST = HEADER + "student-001,student,One,one@x.example\nstudent-002,student,Two,\nta-001,ta,,\n"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course in the working directory, without a roster."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course_config.py").write_text(
        "from autograder.course import Course\ncourse = Course('c', 'C', units=())\n"
    )
    return Course("c", "C", units=(), root=tmp_path)


def listed(course: Course, content: str, encoding: str = "utf-8") -> Path:
    path = course.root / "class.csv"
    path.write_bytes(content.encode(encoding))
    return path


def run(course: Course, content: str, *words: str, encoding: str = "utf-8"):
    path = listed(course, content, encoding)
    return CliRunner().invoke(command, ["import", str(path), *words], catch_exceptions=False)


def members(course: Course) -> list[tuple[str, str, str, str]]:
    return [(m.username, m.role, m.name, m.email) for m in read_roster(roster_file(course))]


def test_a_list_is_imported_again_and_again(course):
    """The second time nothing changes and nobody gets a password; a changed list says what it changes."""
    first = run(course, FIRST)
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["student-001", "student-002", "ta-001"]
    assert "3 added, 0 changed, 0 dropped, 0 unchanged" in first.stderr
    hashes = read_hashes(hub_folder(course) / "passwords")
    again = run(course, FIRST)
    assert again.stdout == "" and "0 added, 0 changed, 0 dropped, 3 unchanged" in again.stderr
    later = run(course, HEADER + "student-001,student,Uno,\nstudent-003,student,Three,\n")
    assert "~ student-001: name 'One' -> 'Uno'" in later.stderr
    assert "+ student-003 student Three" in later.stderr
    assert "not in the file, and kept (--drop-missing drops them): student-002" in later.stderr
    assert [line.split()[0] for line in later.stdout.splitlines()] == ["student-003"]
    assert members(course) == [
        ("student-001", "student", "Uno", "one@x.example"),  # an empty cell takes nothing away
        ("student-002", "student", "Two", ""),
        ("ta-001", "ta", "", ""),
        ("student-003", "student", "Three", ""),
    ]
    now = read_hashes(hub_folder(course) / "passwords")
    assert {name: now[name] for name in hashes} == hashes


def test_a_preview_changes_nothing(course):
    """Neither roster nor passwords; it says what would come."""
    done = run(course, FIRST, "--preview")
    assert "+ student-001 student One one@x.example" in done.stderr and done.stdout == ""
    assert not roster_file(course).exists() and not (hub_folder(course) / "passwords").exists()
    run(course, FIRST)
    done = run(course, HEADER + "student-001,student,Uno,\n", "--preview", "--drop-missing")
    assert "- student-002; submissions and marks stay" in done.stderr and "'One' -> 'Uno'" in done.stderr
    assert members(course)[0][2] == "One" and len(members(course)) == 3


def test_missing_students_are_dropped_where_that_is_asked(course):
    """Staff stay, passwords of who left are forgotten, and who comes again gets a new one."""
    run(course, FIRST)
    done = run(course, HEADER + "student-001,student,,\n", "--drop-missing")
    assert "0 added, 0 changed, 1 dropped, 1 unchanged" in done.stderr
    assert [name for name, *_ in members(course)] == ["student-001", "ta-001"]
    assert "student-002" not in read_hashes(hub_folder(course) / "passwords")
    assert run(course, FIRST).stdout.startswith("student-002")


def test_an_empty_list_drops_nobody(course):
    """A file that names nobody is a slip."""
    run(course, FIRST)
    with pytest.raises(UsageError, match="would drop the whole class"):
        run(course, HEADER, "--drop-missing")
    assert len(members(course)) == 3


def test_one_wrong_row_imports_nobody(course):
    """All wrong rows are told at once, with their numbers."""
    with pytest.raises(ConfigError) as told:
        run(course, HEADER + "student-001,student,,\na b,student,,\nc,studnt,,\nStudent-001,student,,\n")
    said = str(told.value)
    assert "row 3: username 'a b'" in said and "row 4: role 'studnt'" in said
    assert "row 5: username 'student-001' is already in row 2" in said
    assert not roster_file(course).exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(course, encoding, delimiter):
    """Encodings and delimiters as in the export's tables."""
    text = (HEADER + "Student-001,student,Öne,\n").replace(",", delimiter)
    done = run(course, text, encoding=encoding)
    assert members(course) == [("student-001", "student", "Öne", "")]
    assert ("read as Windows-1252" in done.stderr) == (encoding == "cp1252")


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    '"One, Student",101,S1,STUDENT-001,Sec 1\n"Student, Test",999,,,Sec 1\n'
)


def test_a_table_of_a_platform(course):
    """Logins, names and addresses come from its columns; roles that stand here stay."""
    add(roster_file(course), [Member("student-001", "ta")])
    done = run(course, CANVAS)
    assert members(course) == [("student-001", "ta", "Student One", "")]
    assert "without a username in the file, passed over: Test Student" in done.stderr
    moodle = "Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Kennung\nStudent,Two,7,two@x.example,student-002\n"
    with pytest.raises(UsageError, match="expected 'username', or --id-column NAME"):
        read_class_list(listed(course, moodle))
    run(course, moodle, "--id-column", "Kennung")
    assert members(course)[1] == ("student-002", "student", "Student Two", "two@x.example")
