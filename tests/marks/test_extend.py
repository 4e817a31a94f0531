"""``course extend``: another date for one, for a list, for all; previewed, noted, and everywhere at once."""

import json

import pytest

from autograder.course import load_course
from autograder.marks import exceptions, open_facts, read_facts
from autograder.marks.roster import Member, add, roster_file
from autograder.results.audit import read_audit
from autograder.results.store import read_result
from tests.batch.small import in_process

from .world import FAILED, UNIT, with_results

LATE, LATER = "2027-01-18T11:00+00:00", "2027-01-19T11:00+00:00"  # due 2027-01-17T12:00+00:00
CLASS = (("student-001", (), LATE), ("student-002", (FAILED,), LATER))
WHY = ["--reason", "ill"]


@pytest.fixture
def run(course, monkeypatch, capfd):
    """Run ``course extend``; its exit code and what it printed."""
    with open_facts(course) as database:
        with_results(course, database, *CLASS)

    def ran(*words):
        code = in_process(["extend", *words], course.root, monkeypatch)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return ran


def points(course):
    """The marks by student."""
    with open_facts(course) as database, database.read() as connection:
        return {
            mark.student: mark.points for mark in read_facts(connection, course, course.unit(UNIT)).marks()
        }


def made(course):
    """All exceptions: kind, student, and whether it holds."""
    with open_facts(course) as database, database.read() as connection:
        return [(each.kind, each.student, each.lifted is None) for each in exceptions.every(connection)]


def test_one_student_gets_two_days(course, run):
    """The date, the mark and how it came about change at once, in facts, result file and record."""
    code, out, err = run(UNIT, "student-001", "--days", "2", *WHY)
    assert (code, err) == (0, "")
    assert "2027-01-17 12:00 UTC -> 2027-01-19 12:00 UTC" in out
    assert "90 of 110 -> 100 of 110" in out and "on time by your extension" in out
    assert points(course) == {"student-001": 100.0, "student-002": 48.0}
    assert read_result(course, UNIT, "student-001").score == 100.0
    notes = [line["note"] for line in read_audit(course, UNIT) if "note" in line]
    assert notes == ["2 days more, for student-001: ill"]


def test_a_preview_changes_nothing(course, run):
    """The same lines, and no fact, no note."""
    code, out, _ = run(UNIT, "student-001", "--days", "2", *WHY, "--preview")
    assert code == 0 and "90 of 110 -> 100 of 110" in out and "preview" in out
    assert points(course)["student-001"] == 90.0 and made(course) == []
    assert not [line for line in read_audit(course, UNIT) if "note" in line]


def test_a_list_and_all(course, run, tmp_path):
    """A table with a column of names; then everybody, of whom those are told whose mark changes."""
    table = tmp_path / "ill.csv"
    table.write_bytes("\ufeffName;Username\nA;student-001\nB;student-002\n".encode())
    assert run(UNIT, "--from", str(table), "--hours", "24", *WHY)[0] == 0
    assert points(course) == {"student-001": 100.0, "student-002": 54.0}
    code, out, _ = run(UNIT, "--all", "--days", "1", *WHY)
    assert code == 0 and "student-002" in out and "2 dates and 1 marks change" in out
    assert points(course) == {"student-001": 100.0, "student-002": 60.0}


@pytest.mark.parametrize(
    ("content", "names"), [("username\na\n\nb\n", "ab"), ("a\nb", "ab"), ("x,y\n1,2\n", None)]
)
def test_files_of_names(tmp_path, content, names):
    """One name per line, with or without a title; a table needs the title."""
    from autograder.base.errors import UsageError
    from autograder.commands.whom import names_in

    path = tmp_path / "names"
    path.write_text(content)
    if names:
        assert names_in(path) == list(names)
    else:
        with pytest.raises(UsageError, match="'username'"):
            names_in(path)


def test_before_a_first_hand_in(course, run):
    """A student of the roster who has not handed in yet; a name that nobody has changes nothing at all."""
    add(roster_file(course), [Member("student-003", "student"), Member("student-001", "student")])
    code, out, _ = run(UNIT, "student-003", "--until", "2027-02-01", *WHY)
    assert code == 0 and "-> 2027-02-01 23:59" in out
    code, _, err = run(UNIT, "student-001", "student-03", "--days", "1", *WHY)
    assert code == 2 and "'student-03': did you mean student-003" in err
    assert made(course) == [("until", "student-003", True)]


def test_a_moment_without_a_zone_is_in_the_course_s(course, run):
    """It is said; and an exception takes no time away."""
    code, out, err = run(UNIT, "student-001", "--until", "2027-01-20T10:00", *WHY)
    assert code == 0 and "-> 2027-01-20 10:00" in out and "is taken as 2027-01-20 10:00 UTC" in err
    code, _, err = run(UNIT, "student-001", "--until", "2027-01-16", *WHY)
    assert code == 2 and "is before the unit's date" in err
    assert run(UNIT, "student-001", "--until", "tomorrow", *WHY)[0] == 2


def test_what_is_given_is_taken_back(course, run):
    """Lifted, the mark is what it was; lifting once more says that there is nothing."""
    run(UNIT, "student-001", "--days", "2", *WHY)
    code, out, _ = run(UNIT, "student-001", "--lift", "--reason", "a mix-up")
    assert code == 0 and "100 of 110 -> 90 of 110" in out
    assert points(course)["student-001"] == 90.0 and made(course) == [("days", "student-001", False)]
    code, _, err = run(UNIT, "student-001", "--lift", *WHY)
    assert code == 2 and "has no extension" in err
    _, out, _ = run(UNIT, "--list")
    assert "2 days more" in out and ": ill" in out and "a mix-up" in out


def test_lifting_for_one_what_holds_for_all_says_how(course, run):
    """An exception for everybody is not lifted for one."""
    run(UNIT, "--all", "--days", "2", *WHY)
    code, _, err = run(UNIT, "student-001", "--lift", *WHY)
    assert code == 2 and f"course extend {UNIT} --all --lift" in err
    assert run(UNIT, "--all", "--lift", *WHY)[0] == 0
    assert points(course)["student-001"] == 90.0


def configured(course, words):
    """Change what course_config.py says."""
    path = course.root / "course_config.py"
    path.write_text(
        path.read_text() + f"\nfrom dataclasses import replace\ncourse = replace(course, {words})\n"
    )


def test_late_days_come_from_a_budget(course, run):
    """One is there; a second is refused; the lifted one comes back."""
    configured(course, "late_days=1")
    assert run(UNIT, "student-001", "--late-day", *WHY)[0] == 0
    assert points(course)["student-001"] == 100.0
    code, _, err = run(UNIT, "student-001", "--late-day", *WHY)
    assert code == 2 and "no late day left of 1" in err
    assert run(UNIT, "student-001", "--lift", *WHY)[0] == 2  # the student's own spending is no extension
    assert run(UNIT, "student-001", "--lift", "--late-day", *WHY)[0] == 0
    assert run(UNIT, "student-001", "--late-day", *WHY)[0] == 0


def test_no_late_day_after_the_late_period(course, run):
    """Handing in counts no more: only an extension can help."""
    configured(course, "late_days=1, units=(replace(course.units[0], due='2020-01-01T00:00+00:00'),)")
    code, _, err = run(UNIT, "student-001", "--late-day", *WHY)
    assert code == 2 and "late period of student-001 ended" in err and "--days" in err


def test_a_factor_needs_a_beginning(course, run):
    """Refused with what to do; over all units it holds where the opening is known."""
    code, _, err = run(UNIT, "student-001", "--factor", "1.5", *WHY)
    assert code == 2 and "Unit(opens=...)" in err
    code, out, err = run("all", "student-001", "--factor", "1.5", *WHY)
    assert code == 0 and "not yet at relu" in err and "as before" in out
    configured(course, "units=(replace(course.units[0], opens='2027-01-13T12:00+00:00'),)")
    _, out, _ = run(UNIT, "student-002", "--factor", "1.5", *WHY)
    assert "-> 2027-01-19 12:00 UTC" in out and "60 of 110" in out
    assert points(load_course(course.root)) == {"student-001": 100.0, "student-002": 60.0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["student-001", "--days", "1"], "--reason"),
        (["student-001", *WHY], "one of --until"),
        (["student-001", "--days", "1", "--hours", "1", *WHY], "one of --until"),
        (["--days", "1", *WHY], "--all for everybody"),
        (["student-001", "--all", "--days", "1", *WHY], "--all for everybody"),
        (["student-001", "--lift", "--days", "1", *WHY], "--lift takes extensions back"),
        (["--all", "--late-day", *WHY], "of their own"),
    ],
    ids=["reason", "nothing", "two", "nobody", "both", "lift", "late day of all"],
)
def test_what_cannot_be_meant(course, run, words, said):
    """A sentence, and no fact."""
    code, _, err = run(UNIT, *words)
    assert code == 2 and said in err
    assert made(course) == []


def test_all_units_have_a_factor_only(course, run):
    """Days over all units would be said for each."""
    code, _, err = run("all", "student-001", "--days", "1", *WHY)
    assert code == 2 and "--factor only" in err


def test_no_roster_no_attempt_is_said(course, run):
    """Somebody who has not handed in yet, or a slip: the name is taken, and said."""
    code, _, err = run(UNIT, "student-01", "--days", "1", *WHY)
    assert code == 0 and "student-01 has not handed in yet" in err and "did you mean student-001" in err


def test_the_printed_date_is_the_one_of_the_facts(course, run, monkeypatch, capfd):
    """``course mark`` shows the same date, and why."""
    run(UNIT, "student-002", "--days", "1", *WHY)
    assert in_process(["mark", UNIT, "student-002", "--json"], course.root, monkeypatch) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["due"] == "2027-01-18T12:00:00+00:00" and told["exceptions"][0]["why"] == "ill"
