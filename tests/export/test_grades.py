"""Marks as CSV: what a table has without a roster and with one, totals, and what the command says."""

import csv
import io
from itertools import product

import pytest
from click.testing import CliRunner

from autograder.base.errors import UsageError
from autograder.commands.export import command
from autograder.course import Course, Unit
from autograder.export.tables import read_table
from autograder.export.writing import csv_text, harmless
from tests.export.marked import CONV, DUE, GAN, cells, column, course_at, exported, give, written

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Convolution layer (4711),Essay (12)\n"
    "    Points Possible,,,,,100,10\n"
    '"Two, Student",202,x2,student-002,A,5,9\n'
    '"Three, Student",203,x3,student-003,A,,\n'
)


def test_canvas_has_its_columns_and_points_possible(tmp_path):
    """The header that Canvas expects, its second row, and an empty cell where there is no mark."""
    course = course_at(tmp_path, CONV, GAN)
    give(course, CONV, {"student-001": 77.25, "student-002": 0.0})
    give(course, GAN, {"student-002": 93.123456})
    assert cells(exported(course)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Convolution layer", "GAN"],
        ["    Points Possible", "", "", "", "", "100", "100"],
        ["student-001", "", "", "student-001", "", "77.25", ""],
        ["student-002", "", "", "student-002", "", "0", "93.1235"],
    ]


def test_moodle_has_a_user_name(tmp_path):
    """One row per student, found by user name."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 77.25, "student-002": 0.0})
    assert cells(exported(course, style="moodle")) == [
        ["Username", "Convolution layer"],
        ["student-001", "77.25"],
        ["student-002", "0"],
    ]


def test_a_roster_keeps_the_platforms_identifiers(tmp_path):
    """People and titles are the platform's, whoever is missing is named, and nobody gets another's mark."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 77.25, "student-002": 0.0})
    table = exported(course, written(tmp_path, CANVAS, "utf-8-sig"))
    assert cells(table) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Convolution layer (4711)"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Two, Student", "202", "x2", "student-002", "A", "0"],
        ["Three, Student", "203", "x3", "student-003", "A", ""],
    ]
    assert table.missing == ("student-001",)


def test_a_roster_without_identifiers_is_refused(tmp_path):
    """The error lists what was found and what was expected."""
    with pytest.raises(UsageError, match=r"colour, size; expected one of .*Username.* or --id-column"):
        read_table(written(tmp_path, "colour,size\nred,3\n"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@x", "'@x"),
        (" \t=1", "' \t'=1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\ufeff+1", "'\ufeff+1"),
        ("＝1", "'＝1"),
        ("\r=1", "'\r'=1"),
        ("x;=1", "x;'=1"),
        ('x;"=1"', 'x;\'"=1"'),
        ('"=1', "'\"=1"),
        ("a\n\n=1", "a\n\n'=1"),
        ("a\u2028=1", "a\u2028'=1"),
        ("a\0b\x1b[2J\ud800", "a\ufffdb\ufffd[2J\ufffd"),
        ("x\n =1", "x\n' =1"),
        ('a,"b\nc', 'a,"b\nc'),
        ("One, Stu-Dent", "One, Stu-Dent"),
        ("    Points Possible", "    Points Possible"),
    ],
)
def test_no_cell_is_a_formula(cell, written):
    """What a spreadsheet would run is preceded by an apostrophe, also after blanks and other separators."""
    assert harmless(cell) == written


def test_no_spreadsheet_sees_a_formula_whatever_it_separates_by():
    """Every short cell of marks, quotes and ends of lines, as each kind of spreadsheet takes it apart."""
    cells_ = ["".join(parts) for size in (2, 3, 4) for parts in product('x";,=\n', repeat=size)]
    for written_by in ",;":
        text = csv_text(["name"], [["s", cell, 1.0] for cell in cells_ if "=" in cell], written_by)
        for read_by in ",;\t|":
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=read_by):
                assert [each for each in row if each.lstrip(' \t\r\n"').startswith("=")] == []


def test_no_cell_of_a_table_is_a_formula(tmp_path):
    """Students' names, the platform's cells and its titles; a mark stays a number."""
    odd = Unit("odd", "=1+1", due=DUE, hours=1)
    course = course_at(tmp_path, odd)
    give(course, odd, {"=HYPERLINK(1)": 3.5, "b": 1.0})
    header, _, first, _ = cells(exported(course))
    assert header[-1] == "'=1+1" and first[0] == first[3] == "'=HYPERLINK(1)" and first[-1] == "3.5"
    roster = written(tmp_path, 'Full name,Username, =1+1 \n" =cmd()",b,\n')
    assert cells(exported(course, roster)) == [["Full name", "Username", "' =1+1 "], ["' =cmd()", "b", "1"]]


def test_marks_are_those_of_record(tmp_path):
    """They come from the facts; a fault of ours leaves no mark, and is named."""
    course = course_at(tmp_path)
    give(course, CONV, {"student-001": 24.0, "student-003": None})
    assert column(exported(course), "Convolution layer")["student-001"] == "24"
    assert "student-003" not in column(exported(course), "Convolution layer")


WEIGHTED = (
    Unit("conv_layer", "Convolution layer", due="2020-01-24T23:59+01:00", hours=9, weight=3.0),
    Unit("gan", "GAN", due="2020-01-24T23:59+01:00", hours=9),
    Unit("later", "Later", due="2120-01-24T23:59+01:00", hours=9),
)


def test_a_total_over_the_units(tmp_path):
    """Weighted; a unit whose time is over counts as 0 without a mark, one that is not over does not."""
    course = course_at(tmp_path, *WEIGHTED)
    give(course, WEIGHTED[2], {"student-001": 50.0})
    give(course, WEIGHTED[0], {"student-002": 80.0})
    give(course, WEIGHTED[1], {"student-002": 40.0})
    header, possible, first, second = cells(exported(course, total=True))
    assert header[-1] == "Weighted total" and possible[-1] == "100"
    assert first[-4:] == ["", "", "50", "10"]  # (3 * 0 + 0 + 50) / 5
    assert second[-4:-1] == ["0", "0", ""]  # late beyond all days: a late unit has lost its mark
    roster = written(tmp_path, "Username\nstudent-001\nstudent-009\n")
    assert column(exported(course, roster, total=True), "Weighted total") == {
        "student-001": "10",
        "student-009": "",
    }


CONFIG = """from autograder.course import Course, Unit
conv = Unit('conv_layer', 'Convolution layer', due='2027-01-24T23:59+01:00', hours=1)
gan = Unit('gan', 'GAN', due='2027-01-24T23:59+01:00', hours=1)
course = Course('c', 'C', units=(conv, gan))
"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Course:
    """A course in the working directory."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course_config.py").write_text(CONFIG)
    return course_at(tmp_path, CONV, GAN)


def test_the_command_writes_a_file_and_tells_what_is_missing(here):
    """Marks go to the file, remarks to stderr."""
    with pytest.raises(UsageError, match="course grade"):
        CliRunner().invoke(command, ["grades"], catch_exceptions=False)
    give(here, CONV, {"student-001": 24.0, "student-002": None})
    done = CliRunner().invoke(command, ["grades", "--format", "moodle", "--output", "marks.csv"])
    assert done.exit_code == 0
    assert (here.root / "marks.csv").read_bytes() == b"Username,Convolution layer\r\nstudent-001,24\r\n"
    assert "no mark by a fault of ours: student-002" in done.stderr
    roster = written(here.root, "Username,Convolution layer\nstudent-009,\n")
    done = CliRunner().invoke(command, ["grades", "--roster", str(roster)])
    assert "not in the roster: student-001" in done.stderr
    assert done.stdout.splitlines()[1] == "student-009,"


def test_the_command_adds_a_total_over_several_units_only(here):
    """One unit is its own total."""
    give(here, CONV, {"student-001": 24.0})
    assert "total" not in CliRunner().invoke(command, ["grades", "--total"]).stdout
    give(here, GAN, {"student-001": 76.0})
    assert "Weighted total" in CliRunner().invoke(command, ["grades", "--total"]).stdout
    assert "total" not in CliRunner().invoke(command, ["grades"]).stdout


def test_the_command_takes_e_mail_addresses_from_the_course_s_roster(here):
    """A login whose address the platform knows finds its row."""
    (here.root / "data").mkdir(exist_ok=True)
    (here.root / "data" / "roster.csv").write_text(
        "username,role,name,email\nstudent-001,student,,One@students.example\n"
    )
    give(here, CONV, {"student-001": 24.0})
    roster = written(
        here.root, "Email address,Convolution layer\none@staff.example,\none@students.example,\n"
    )
    done = CliRunner().invoke(command, ["grades", "--roster", str(roster)])
    assert done.stdout.splitlines()[1:3] == ["one@staff.example,", "one@students.example,24"]
