"""``course grade``: what it prints, stores and exits with, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course, Unit
from autograder.marks import open_facts, read_facts
from autograder.results.audit import read_audit
from tests.batch.small import (
    UNIT,
    in_process,
    loaded,
    overflowing,
    right,
    run,
    stored,
    submit,
    with_cell,
    with_task,
    without_times,
)
from tests.booked import read_booked

pytestmark = pytest.mark.sandbox

FIELDS = {
    "unit": str,
    "student": str,
    "score": float,
    "max_score": float,
    "checks": list,
    "healed": list,
    "isolation": str,
    "digest": str,
    "seconds": float,
}
CHECK_FIELDS = {
    "id": str,
    "task": str,
    "title": str,
    "points": float,
    "earned": float,
    "verdict": str,
    "reason": str,
    "hint": str,
}


def grade(root: Path, *words: str, code: int = 0, **more: str) -> list[dict[str, Any]]:
    """Run with --json and give what it printed, which must be JSON and nothing else."""
    done = run(root, "grade", UNIT, *words, "--json", **more)
    assert done.returncode == code, done.stderr
    results = json.loads(done.stdout)
    assert isinstance(results, list)
    return results


@pytest.fixture
def four(root: Path, folder: Path) -> Path:
    """Four submissions of different kinds."""
    submit(folder, "student-001", right(root))
    submit(folder, "student-002", overflowing(root))
    submit(folder, "student-003", b"no notebook")
    submit(
        folder,
        "student-004",
        with_task(root, "softmax_forward", "def softmax_forward(z):\n    return None, z"),
    )
    return folder


def test_the_contract(root, four):
    """The array has one object per submission, sorted, with the fields and types that others rely on."""
    results = grade(root, str(four), "--no-gradebook")
    assert [result["student"] for result in results] == [f"student-00{n}" for n in (1, 2, 3, 4)]
    for result in results:
        assert {name: type(result[name]) for name in FIELDS} == FIELDS
        assert (result["unit"], result["isolation"], result["max_score"]) == (UNIT, "walled", 100.0)
        assert result["score"] == sum(check["earned"] for check in result["checks"])
        for check in result["checks"]:
            assert {name: type(check[name]) for name in CHECK_FIELDS} == CHECK_FIELDS
            assert check["mistake"] is None or isinstance(check["mistake"], str)
            assert check["earned"] == (check["points"] if check["verdict"] == "PASSED" else 0.0)
    named = {check["mistake"] for check in results[1]["checks"]}
    assert named == {None, "overflows"}
    assert results[2]["score"] == 0.0
    assert {check["verdict"] for check in results[2]["checks"]} == {"ERROR"}
    assert "Expected a notebook" in results[2]["checks"][0]["reason"]
    assert stored(root) == {result["student"]: result for result in results}


def test_one_worker_and_two_give_the_same(root, four):
    """What is printed does not depend on the number of workers, but for the times."""
    one = grade(root, str(four), "--jobs", "1", "--no-gradebook")
    two = grade(root, str(four), "--jobs", "2", "--no-gradebook", "--force")
    assert without_times(one) == without_times(two)
    assert {name: without_times(result) for name, result in stored(root).items()} == {
        result["student"]: without_times(result) for result in one
    }


def test_without_json_a_table(root, four):
    """People get a table: score, the first thing to look at, and what was graded."""
    done = run(root, "grade", UNIT, str(four / "student-002"), "--no-gradebook")
    assert done.returncode == 0, done.stderr
    assert "80 / 100" in done.stdout
    assert "FAILED test_forward_large (overflows)" in " ".join(done.stdout.split())
    assert "1 graded, 0 unchanged" in done.stdout


def test_the_table_says_why_a_whole_submission_was_lost(root, four):
    """A file that is no notebook is one fault, not one for each check."""
    done = run(root, "grade", UNIT, str(four / "student-003"), "--no-gradebook")
    table = " ".join(done.stdout.split())
    assert "ERROR Expected a notebook (JSON text)" in table
    assert "more" not in table


def test_what_is_left_out_is_told(root, four):
    """On stderr, so that --json stays JSON; a folder without a notebook gets a result that says so."""
    (four / "student-005").mkdir()
    (four / "student-005" / f"{UNIT}.ipynb").write_text("{}")
    (four / "student-006" / UNIT).mkdir(parents=True)
    (four / "student-006" / UNIT / "mine.zip").write_text("")
    done = run(root, "grade", UNIT, str(four), "--json", "--no-gradebook")
    assert done.stderr.count("1 folder matches no layout and was not graded: student-005.") == 1
    result = next(each for each in json.loads(done.stdout) if each["student"] == "student-006")
    assert {check["verdict"] for check in result["checks"]} == {"ERROR"}
    assert {check["reason"] for check in result["checks"]} == {
        f"The folder holds no notebook, but mine.zip: unpack it and hand in {UNIT}.ipynb."
    }


def test_the_gradebook_gets_all_marks(root, four):
    """By default nbgrader's gradebook holds every mark that a result has."""
    grade(root, str(four))
    course, unit = loaded(root)
    marks = {mark.student: mark.score for mark in read_booked(course, unit.name).values()}
    assert marks == {f"student-00{n}": score for n, score in ((1, 100.0), (2, 80.0), (3, 0.0), (4, 45.0))}


def test_a_bare_notebook_and_student(root):
    """A notebook's student is its file's stem, or --student."""
    path = root / "student-009.ipynb"
    path.write_text(json.dumps(right(root)))
    (result,) = grade(root, path.name, "--no-gradebook")
    assert (result["student"], result["score"], result["source"]) == ("student-009", 100.0, path.name)
    (result,) = grade(root, path.name, "--student", "somebody/else", "--no-gradebook", "--isolation", "none")
    assert (result["student"], result["isolation"]) == ("somebody/else", "none")
    assert set(stored(root)) == {"student-009", "somebody%2Felse"}


USAGE = [
    (["grade", "softmx", "submitted"], "did you mean softmax?"),
    (["grade", UNIT, "nowhere"], "nowhere does not exist"),
    (["grade", UNIT], "Missing argument 'PATHS...'"),
    (["grade", UNIT, "solutions"], "no submission of softmax in solutions"),
    (["grade", UNIT, "submitted", "--isolation", "none"], "--isolation none is for one notebook of your own"),
    (["grade", UNIT, "submitted", "--isolation", "wall"], "is not one of"),
    (["grade", UNIT, "submitted", "--student", "x"], "--student goes with one notebook; 2 were found"),
    (["grade", UNIT, "submitted", "--jobs", "0"], "not in the range"),
    (["grade", UNIT, "submitted", "--cluster", "tcp://10.0.0.1:8786"], "unencrypted scheduler"),
    (["grade", UNIT, "submitted", "--cluster", "http://x"], "expected 'slurm' or an address"),
]


@pytest.mark.parametrize(("words", "sentence"), USAGE, ids=[" ".join(words[1:]) for words, _ in USAGE])
def test_wrong_words_exit_with_2_and_the_next_step(root, words, sentence, capfd, monkeypatch):
    """Nothing is stored or printed on stdout; stderr says what was expected."""
    for student in ("a", "b"):
        submit(root / "submitted", student, b"{}")
    code = in_process(words, root, monkeypatch)
    printed = capfd.readouterr()
    assert code == 2, printed.err
    assert sentence in " ".join(printed.err.split())
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert stored(root) == {}


def test_outside_a_course(tmp_path, capfd, monkeypatch):
    """The sentence says how to make one."""
    assert in_process(["grade", UNIT, "x.ipynb"], tmp_path, monkeypatch) == 2
    assert "make one with 'course init DIR'" in capfd.readouterr().err


def test_a_sandbox_that_fails_is_exit_1(root, four, tmp_path):
    """With a bubblewrap that cannot make namespaces every submission is BROKEN, none loses points."""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: no permissions to create a new namespace' >&2\nexit 1\n"
    )
    (fake / "bwrap").chmod(0o755)
    path = f"{fake}:{os.environ['PATH']}"
    results = grade(root, str(four), "--no-gradebook", code=1, PATH=path)
    assert [result["score"] for result in results] == [None] * 4
    assert "no permissions to create a new namespace" in results[0]["flags"][0]
    again = grade(root, str(four), "--no-gradebook")
    assert [result["score"] for result in again] == [100.0, 80.0, 0.0, 45.0]


def test_without_bubblewrap_is_exit_2(root, four, tmp_path):
    """A missing program is named with the command that installs it."""
    (tmp_path / "bin").mkdir()
    done = run(root, "grade", UNIT, str(four), "--json", PATH=str(tmp_path / "bin"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "apt install bubblewrap" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unbuilt_unit_says_build_it(root, four):
    """Grading before building names the command."""
    shutil.rmtree(root / "release")
    done = run(root, "grade", UNIT, str(four), "--json")
    assert done.returncode == 2
    assert "run 'course build softmax'" in done.stderr


def test_a_better_hint_is_no_regrade(root, four):
    """Marks that still hold are counted apart from what was graded."""
    words = ("grade", UNIT, str(four), "--no-gradebook")
    assert "4 graded, 0 unchanged" in run(root, *words).stdout
    mistakes = root / "assignments" / UNIT / "mistakes.py"
    mistakes.write_text(mistakes.read_text() + "\n# another hint\n")
    assert "0 graded, 4 explained anew, 0 unchanged" in run(root, *words).stdout
    assert "0 graded, 4 unchanged" in run(root, *words).stdout
    mistakes.write_text(mistakes.read_text() + "\n# and another\n")
    assert "4 graded, 0 unchanged" in run(root, *words, "--force").stdout
    submit(four, "student-001", with_cell(root, "x = 1"))
    assert "1 graded, 3 unchanged" in run(root, *words).stdout


def test_a_damaged_result_is_written_again(root, four):
    """What no engine would have written is worth nothing; nothing is graded for it."""
    (before, *_) = grade(root, str(four), "--no-gradebook")
    path = root / "data" / "results" / UNIT / "student-001.json"
    path.write_text(json.dumps(before | {"checks": [], "score": 90.0}))
    (after, *_) = grade(root, str(four), "--no-gradebook")
    assert after == before == json.loads(path.read_text())


def test_the_table_says_which_attempt_counts(root, folder):
    """The score is that of the file just graded; where an earlier one counts, the row says so."""
    submit(folder, "student-001", right(root))
    run(root, "grade", UNIT, str(folder), "--no-gradebook")
    submit(folder, "student-001", overflowing(root))
    done = run(root, "grade", UNIT, str(folder), "--no-gradebook")
    assert done.returncode == 0, done.stderr
    assert "80 / 100" in done.stdout
    assert "attempt 1 counts, with 100" in " ".join(done.stdout.split())
    (result,) = grade(root, str(folder), "--no-gradebook")
    assert result["score"] == 80.0
    assert stored(root)["student-001"]["score"] == 100.0


def test_a_moved_due_date_takes_effect_without_grading(root, folder):
    """Two days late cost 20 %; with three days more in the course's file the same command gives all back."""
    path = submit(folder, "student-001", right(root))
    config = root / "course_config.py"
    _, unit = loaded(root)
    due = datetime.fromisoformat(unit.due)
    (path.parent / "timestamp.txt").write_text((due + timedelta(days=1, hours=12)).isoformat())
    grade(root, str(folder))
    course, unit = loaded(root)
    assert marks_of(course, unit) == {"student-001": 80.0}
    config.write_text(config.read_text().replace(unit.due, (due + timedelta(days=3)).isoformat()))
    done = run(root, "grade", UNIT, str(folder))
    assert "0 graded, 1 unchanged" in done.stdout, done.stderr
    course, unit = loaded(root)
    assert marks_of(course, unit) == {"student-001": 100.0}
    run(root, "feedback", UNIT)
    page = (root / "data" / "feedback" / UNIT / "student-001" / "index.html").read_text()
    assert "taken off" not in page
    assert {name: mark.final for name, mark in read_booked(course, UNIT).items()} == {"student-001": 100.0}
    changes = [(line["old"], line["new"]) for line in read_audit(course, UNIT)]
    assert changes == [(None, 80.0), (80.0, 100.0)]


def marks_of(course: Course, unit: Unit) -> dict[str, float | None]:
    """Marks by student, as the facts say."""
    with open_facts(course) as database, database.read() as connection:
        return {mark.student: mark.points for mark in read_facts(connection, course, unit).marks()}


def test_a_damaged_gradebook_is_said_until_it_is_mended(root, four):
    """Also where nothing is to be written; the results are kept, and without the file all is booked anew."""
    grade(root, str(four))
    book = root / "data" / "gradebook.db"
    whole = book.read_bytes()
    for damaged, force in ((os.urandom(5000), []), (whole[: len(whole) // 2], ["--force"])):
        book.write_bytes(damaged)
        done = run(root, "grade", UNIT, str(four), *force, "--json")
        assert done.returncode == 2
        assert len(json.loads(done.stdout)) == len(stored(root)) == 4
        assert f"{book} is damaged" in done.stderr
        assert "Restore it from a backup, or move it away" in done.stderr
        assert "Traceback" not in done.stderr
    assert run(root, "feedback", UNIT).returncode == 0, "pages show the facts"
    book.unlink()
    grade(root, str(four))
    course, unit = loaded(root)
    assert len(read_booked(course, unit.name)) == 4
