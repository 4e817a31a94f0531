"""Logs have pseudonyms in the place of students' names."""

import io
import logging

import pytest
from click.testing import CliRunner

from autograder.commands.person import command
from autograder.judge.secret import course_secret
from autograder.marks.log_names import LogNames, hide_names
from autograder.marks.pseudonyms import pseudonym
from autograder.marks.roster import Member, add, drop, roster_file

SECRET = b"secret"
PEOPLE = [Member(name, "student") for name in ("a", "a-b", "student-001", "student-0010", "z.y_x")]


@pytest.fixture
def names(tmp_path):
    """A roster of students whose names stand in one another, and of one of the staff."""
    path = tmp_path / "roster.csv"
    add(path, [*PEOPLE, Member("ta-1", "ta")])
    return LogNames(path, SECRET)


def called(name):
    return pseudonym(SECRET, name)


LINES = {
    "200 GET /user/{student-001}/api/status ({student-001}@::1) 3ms": ("student-001",),
    "Server of {student-0010} stopped, not of {student-001}.": ("student-0010", "student-001"),
    "container jupyter-{a-b}--mine of {a-b}": ("a-b",),
    "'{z.y_x}' and \"{a}\", {a}/{a-b}:": ("z.y_x", "a", "a-b"),
    "student-00 student-0011 ab b-a.c ta-1 A": (),
}


@pytest.mark.parametrize("line", LINES)
def test_names_are_hidden_and_nothing_else(names, line):
    """Also in addresses, in names of containers, and where one name begins as another; staff keep theirs."""
    plain, hidden = line, line
    for name in LINES[line]:
        plain, hidden = plain.replace(f"{{{name}}}", name), hidden.replace(f"{{{name}}}", called(name))
    expected = hidden.replace("b-a.c", f"b-{called('a')}.c") if "b-a.c" in line else hidden
    assert names.hide(plain) == expected


def test_a_traceback_is_hidden_too_and_a_new_student_soon(tmp_path):
    """Whoever is dropped stays hidden; a roster that cannot be read stops nothing."""
    path, written = tmp_path / "roster.csv", io.StringIO()
    add(path, PEOPLE)
    logger = logging.getLogger("test of names")
    logger.handlers, logger.propagate = [logging.StreamHandler(written)], False
    logger.handlers[0].setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    hide_names(logger, path, SECRET)
    try:
        raise ValueError("no file of student-001")
    except ValueError:
        logger.exception("it failed for %s", "student-001")
    drop(path, "student-001")
    logger.warning("student-001 is gone")
    path.write_text("damaged")
    logger.warning("student-0010 is not")
    text = written.getvalue()
    assert "student-001" not in text and text.count(called("student-001")) >= 3
    assert f"{called('student-001')} is gone" in text and f"{called('student-0010')} is not" in text
    assert f"ERROR it failed for {called('student-001')}" in text and "Traceback" in text


def test_who_has_the_secret_can_say_who_is_meant(course, monkeypatch):
    """By the roster; a pseudonym of nobody is said to be that."""
    monkeypatch.chdir(course.root)
    add(roster_file(course), PEOPLE)
    asked = pseudonym(course_secret(course), "z.y_x")
    done = CliRunner().invoke(command, ["who", asked])
    assert (done.exit_code, done.output) == (0, "z.y_x\n")
    done = CliRunner().invoke(command, ["who", "person-0000000000"])
    assert done.exit_code != 0 and "nobody on the roster" in str(done.exception)
