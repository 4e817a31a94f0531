"""Marks as CSV for Canvas and Moodle."""

import csv
import io
from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder.base.errors import UsageError
from autograder.commands.export import command
from autograder.course import Course
from autograder.export.grades import Column, column_of, grades_csv, read_roster
from autograder.results.result import Verdict
from autograder.results.store import write_result
from tests.pages.examples import UNIT, a_result, flipped

CONV = Column("Convolution layer", 100.0, {"student-001": 77.25, "student-002": 0.0})
GAN = Column("GAN", 110.0, {"student-002": 103.123456})


def rows(text):
    """The file as lists of cells."""
    return list(csv.reader(io.StringIO(text, newline="")))


def test_canvas_has_its_columns_and_points_possible():
    """The header that Canvas expects, its second row, and an empty cell where there is no mark."""
    assert rows(grades_csv("canvas", [CONV, GAN]).text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Convolution layer", "GAN"],
        ["    Points Possible", "", "", "", "", "100", "110"],
        ["student-001", "", "", "student-001", "", "77.25", ""],
        ["student-002", "", "", "student-002", "", "0", "103.1235"],
    ]


def test_moodle_has_a_user_name():
    """One row per student, found by user name."""
    assert rows(grades_csv("moodle", [CONV]).text) == [
        ["Username", "Convolution layer"],
        ["student-001", "77.25"],
        ["student-002", "0"],
    ]


def test_a_roster_keeps_the_platforms_identifiers(tmp_path):
    """People and titles are the platform's, whoever is missing is named, and nobody gets another's mark."""
    path = tmp_path / "export.csv"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Convolution layer (4711),Essay (12)\n"
        "    Points Possible,,,,,100,10\n"
        '"Two, Student",202,x2,student-002@example.org,A,5,9\n'
        '"Three, Student",203,x3,student-003,A,,\n',
        encoding="utf-8-sig",
    )
    table = grades_csv("canvas", [CONV], read_roster(path))
    assert rows(table.text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Convolution layer (4711)"],
        ["    Points Possible", "", "", "", "", "100"],
        ["Two, Student", "202", "x2", "student-002@example.org", "A", "0"],
        ["Three, Student", "203", "x3", "student-003", "A", ""],
    ]
    assert table.missing == ("student-001",)


def test_a_roster_without_identifiers_is_refused(tmp_path):
    """The error lists what was found and what was expected."""
    path = tmp_path / "export.csv"
    path.write_text("colour,size\nred,3\n")
    with pytest.raises(UsageError, match=r"colour, size; expected one of .*Username"):
        read_roster(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


def test_no_cell_is_a_formula():
    """A name that a spreadsheet would run is preceded by an apostrophe; commas and newlines stay."""
    odd = Column("GAN", 1.0, {"=HYPERLINK(1)": 1.0, 'a,"b\nc': 0.5, "@x": 0.25})
    names = [row[0] for row in rows(grades_csv("moodle", [odd]).text)[1:]]
    assert names == ["'=HYPERLINK(1)", "'@x", 'a,"b\nc']


def test_marks_without_a_gradebook_come_from_the_results(tmp_path):
    """Late penalty is taken off, bonus counts, and a fault of ours leaves no mark."""
    course = Course("c", "C", units=(UNIT,), data=str(tmp_path / "data"), root=tmp_path)
    broken = flipped("student-003")
    broken = broken.with_checks(tuple(replace(c, verdict=Verdict.BROKEN, earned=0.0) for c in broken.checks))
    results = [flipped("student-001"), a_result("student-002", submitted="2027-01-25T21:10:00+00:00"), broken]
    for result in results:
        write_result(course, result)
    column = column_of(course, UNIT)
    assert column.marks == {"student-001": 24.0, "student-002": 90.0}
    assert column.unscored == ("student-003",)
    assert column.max_score == 100.0


def test_the_command_writes_a_file_and_tells_what_is_missing(tmp_path, monkeypatch):
    """Marks go to the file, remarks to stderr."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    (tmp_path / "course_config.py").write_text(
        "from autograder.course import Course, Unit\n"
        "conv = Unit('conv_layer', 'Conv', due='2027-01-24T23:59+01:00', hours=1)\n"
        "course = Course('c', 'C', units=(conv,))\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="course grade"):
        CliRunner().invoke(command, ["grades"], catch_exceptions=False)
    write_result(Course("c", "C", units=(UNIT,), root=tmp_path), flipped())
    done = CliRunner().invoke(command, ["grades", "--format", "moodle", "--output", "marks.csv"])
    assert done.exit_code == 0
    assert rows((tmp_path / "marks.csv").read_text()) == [["Username", "Conv"], ["student-001", "24"]]
