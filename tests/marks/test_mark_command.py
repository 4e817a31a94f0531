"""``course mark``: points by hand become facts, and the mark says how it came about."""

import json

import pytest

from autograder.marks import by_hand, kept, open_facts, read_facts
from autograder.marks.graded import of_student, store
from autograder.results.audit import read_audit
from tests.batch.small import in_process

from .world import DEED, FAILED, NOW, UNIT, from_file, notebook, numbered, said

IN_TIME = "2027-01-17T11:00+00:00"
WHY = ["--reason", "looked at together"]


@pytest.fixture
def run(course, monkeypatch, capfd):
    """Run ``course mark`` for student-001, who has two attempts with the same answer."""
    with open_facts(course) as database, database.write() as connection:
        for number, verdicts in enumerate(((FAILED,), (FAILED, FAILED))):
            attempt = from_file(course, connection, "student-001", notebook(str(number)), IN_TIME)
            store(connection, attempt, said(attempt, *verdicts, answer="a" * 64), NOW)

    def ran(*words):
        code = in_process(["mark", UNIT, "student-001", *words], course.root, monkeypatch)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return ran


def points(course):
    """The mark."""
    with open_facts(course) as database, database.read() as connection:
        return read_facts(connection, course, course.unit(UNIT), "student-001").mark("student-001").points


def test_points_for_a_task(course, run):
    """They stand in place of the checks', in the attempt that counts; the record says who and why."""
    code, out, _ = run("forward", "50", *WHY)
    assert code == 0 and "60 of 110 -> 90 of 110" in out and "60 + 30 by hand" in out
    assert points(course) == 90.0
    notes = [line["note"] for line in read_audit(course, UNIT) if "note" in line]
    assert notes == ["student-001, attempt 1, forward: 50 points: looked at together"]


def test_points_are_taken_back(course, run):
    """The checks count again, and a second time there is nothing to take back."""
    run("forward", "50", *WHY)
    code, out, _ = run("forward", "--take-back", *WHY)
    assert code == 0 and "90 of 110 -> 60 of 110" in out and points(course) == 60.0
    code, _, err = run("forward", "--take-back", *WHY)
    assert code == 2 and "nothing was given by hand for forward" in err


def test_points_for_an_answer_belong_to_its_text(course, run):
    """Given in the second attempt, they hold in the first, which has the same text and counts."""
    code, out, _ = run("why", "7.5", "--attempt", "2", "--comment", "Nearly.", *WHY)
    assert code == 0 and "60 of 110 -> 67.5 of 110" in out
    assert "attempt 1 counts, not attempt 2" in out
    with open_facts(course) as database, database.read() as connection:
        entries = by_hand.of_unit(connection, UNIT)
    assert [(each.kind, each.points, each.comment, each.answer) for each in entries] == [
        ("points", 7.5, "", "a" * 64),
        ("comment", None, "Nearly.", "a" * 64),
    ]


def test_more_than_it_is_worth_is_extra(course, run):
    """Refused with what to do; as extra credit it comes on top."""
    code, _, err = run("forward", "61", *WHY)
    assert code == 2 and "worth 60 points" in err and "--extra" in err
    assert run("forward", "5", "--extra", *WHY)[0] == 0 and points(course) == 65.0
    assert run("forward", "50", *WHY)[0] == 0 and points(course) == 95.0
    assert run("forward", "--take-back", "--extra", *WHY)[0] == 0 and points(course) == 90.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["forwrd", "5", *WHY], "did you mean forward"),
        (["forward", "nan", *WHY], "expected 0 to 60"),
        (["forward", "5"], "--reason"),
        (["forward", *WHY], "give POINTS"),
        (["forward", "5", "--take-back", *WHY], "give POINTS"),
        (["forward", "5", "--attempt", "3", *WHY], "no attempt 3"),
    ],
    ids=["name", "no number", "reason", "nothing", "both", "attempt"],
)
def test_what_cannot_be_meant(course, run, words, said):
    """A sentence, exit code 2, and no fact."""
    code, _, err = run(*words)
    assert code == 2 and said in err
    assert points(course) == 60.0


def test_a_name_that_nobody_has(course, run, monkeypatch, capfd):
    """Where there is no roster, who has no attempt has no mark."""
    assert in_process(["mark", UNIT, "student-002", "forward", "5", *WHY], course.root, monkeypatch) == 2
    assert "has no attempt at relu yet" in capfd.readouterr().err


def test_without_a_score_no_points(course, run):
    """Points for an attempt that is not graded would count for nothing."""
    with open_facts(course) as database, database.write() as connection:
        from_file(course, connection, "student-001", notebook("third"), IN_TIME)
    code, _, err = run("forward", "5", "--attempt", "3", *WHY)
    assert code == 2 and "has no score yet" in err


def test_the_mark_and_how_it_came_about(course, run):
    """Alone it prints attempts, points by hand with their reasons, kept results; and the same as JSON."""
    run("forward", "50", *WHY)
    with open_facts(course) as database, database.write() as connection:
        second = numbered(connection, "student-001", 2)
        kept.keep(connection, second, of_student(connection, UNIT, "student-001")[second.id], DEED)
    code, out, _ = run()
    assert code == 0 and out.startswith(
        "student-001, ReLU: 90 of 110\nattempt 1 of 2, on time, 60 + 30 by hand"
    )
    for line in (
        "(counts)",
        "attempt 1, forward: 50 points, by ",
        "looked at together",
        "attempt 2: 40 of an",
    ):
        assert line in out
    code, out, _ = run("--json")
    told = json.loads(out)
    assert (told["points"], told["out_of"]) == (90.0, 110.0)
    assert told["how"].endswith("on time, 60 + 30 by hand, 10 points more wait for a person")
    assert [each["points"] for each in told["attempts"]] == [90.0, 40.0]
    assert told["by_hand"][0]["why"] == "looked at together" and len(told["kept"]) == 1
