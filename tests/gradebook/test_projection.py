"""What the facts leave in nbgrader's gradebook."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Disclosure
from autograder.gradebook import Folders, ensure_assignment
from autograder.gradebook.database import open_gradebook, open_tables
from autograder.gradebook.held import read_worth
from autograder.marks import open_facts
from autograder.marks.by_hand import COMMENT, EXTRA
from autograder.marks.exceptions import DAYS
from autograder.marks.exceptions import add as extend
from autograder.marks.graded import result_of
from autograder.marks.kept import keep
from autograder.marks.tables import RESULTS
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from tests.booked import read_booked

from .conftest import (
    DEED,
    book,
    booked,
    by_hand,
    caught_up,
    check,
    graded,
    mark_of,
    released,
    result,
    submission,
    write,
)

SOLVED = "def forward(x):\n    return x.clip(0)"
LATE = "2027-01-18T13:00:00+00:00"


def grade_row(gradebook, student, cell):
    """One grade of the gradebook."""
    return gradebook.find_grade(cell, "relu", "relu", student)


def final(course, student="student-001"):
    """A student's mark as nbgrader has it, which is the one that follows from the facts."""
    mark = read_booked(course, "relu")[student]
    assert mark.final == pytest.approx(mark_of(course, student).points, abs=1e-6)
    return mark.final


def test_points_of_each_task_are_written(course):
    """A task's cell holds the sum of its earned points; the mark is their sum."""
    summary = booked(course, result("student-001", Verdict.FAILED), submission(course, "student-001"))
    assert (summary.written, summary.changed) == (1, 1)
    with open_gradebook(course) as gradebook:
        assert grade_row(gradebook, "student-001", "points-forward").score == 20.0
        assert grade_row(gradebook, "student-001", "points-backward").score == 40.0
    assert final(course) == 60.0


def test_the_denominator_is_the_mark_s(course):
    """nbgrader's maximum is that of the mark: all checks without bonus, and all written answers."""
    booked(course, result("student-001"))
    with open_tables(course) as db:
        assert read_worth(db, "relu") == mark_of(course).out_of == 110.0
    assert read_booked(course, "relu")["student-001"].max_score == 110.0


def test_formgraders_autograde_asks_for_no_second_look(course):
    """Its button removes the autograded folder before 'course grade' runs: the same answer is no new one."""
    path = submission(course, "student-001", why="Because of the kink.")
    attempt = graded(course, result("student-001"), path)
    by_hand(course, attempt, "why", 3.0)
    book(course, "student-001")
    shutil.rmtree(Folders(course).autograded("relu", "student-001").parent)
    booked(course, result("student-001"), path)
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "why")
        assert (row.manual_score, row.needs_manual_grade) == (3.0, False)


def test_an_emptied_answer_is_none(course):
    """A student who deletes the text of the release has answered nothing."""
    booked(course, result("student-001"), submission(course, "student-001", why=" "))
    assert not read_booked(course, "relu")["student-001"].waiting


def test_a_written_answer_waits_for_a_person(course):
    """An empty written answer is 0, another one needs a person's points."""
    booked(course, result("student-001"), submission(course, "student-001", why="Because of the kink."))
    booked(course, result("student-002"), submission(course, "student-002"))
    marks = read_booked(course, "relu")
    assert marks["student-001"].waiting
    assert not marks["student-002"].waiting
    with open_gradebook(course) as gradebook:
        comment = gradebook.find_comment("why", "relu", "relu", "student-002")
        assert comment.comment == "No response."


def test_points_by_hand_stay(course):
    """A regrade never overwrites what a person gave, and asks for a look only where its own score moved."""
    path = submission(course, "student-001", why="Because of the kink.")
    attempt = graded(course, result("student-001", Verdict.FAILED), path)
    by_hand(course, attempt, "forward", 33.0, automatic=20.0)
    by_hand(course, attempt, "why", 7.0)
    by_hand(course, attempt, "forward", None, kind=COMMENT, comment="Nice try.")
    booked(course, result("student-001", Verdict.FAILED), path)
    assert not read_booked(course, "relu")["student-001"].waiting
    booked(course, result("student-001"), path)
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "points-forward")
        assert (row.manual_score, row.auto_score, row.score) == (33.0, 60.0, 33.0)
        assert row.needs_manual_grade
        assert not grade_row(gradebook, "student-001", "why").needs_manual_grade
        assert gradebook.find_comment("forward", "relu", "relu", "student-001").comment == "Nice try."
    assert final(course) == 33.0 + 40.0 + 7.0


def test_points_by_hand_that_are_taken_back_are_gone(course):
    """Then the checks count again, and the comment is nbgrader's own."""
    attempt = graded(course, result("student-001", Verdict.FAILED))
    by_hand(course, attempt, "forward", 33.0)
    by_hand(course, attempt, "forward", None, kind=COMMENT, comment="Nice try.")
    by_hand(course, attempt, "forward", 2.0, kind=EXTRA)
    book(course, "student-001")
    assert final(course) == 33.0 + 2.0 + 40.0
    by_hand(course, attempt, "forward", None)
    by_hand(course, attempt, "forward", None, kind=COMMENT)
    by_hand(course, attempt, "forward", None, kind=EXTRA)
    book(course, "student-001")
    assert final(course) == 60.0
    with open_gradebook(course) as gradebook:
        assert grade_row(gradebook, "student-001", "points-forward").manual_score is None
        assert gradebook.find_comment("forward", "relu", "relu", "student-001").manual_comment is None
    assert [(line["old"], line["new"]) for line in read_audit(course, "relu")] == [(None, 75.0), (75.0, 60.0)]


def test_a_changed_written_answer_is_looked_at_again(course):
    """Points for a text are not those of another text; the same text keeps them."""
    attempt = graded(course, result("student-001"), submission(course, "student-001", why="First."))
    digest = mark_of(course).counting.graded.answers["why"]
    by_hand(course, attempt, "why", 3.0, answer=digest)
    booked(course, result("student-001"), submission(course, "student-001", why="Second."))
    assert read_booked(course, "relu")["student-001"].waiting
    again = submission(course, "student-001", forward=SOLVED, why="First.")
    booked(course, result("student-001", Verdict.PASSED), again)
    assert mark_of(course).counting.attempt.number == 2  # which might still get all points
    by_hand(course, mark_of(course).counting.attempt, "why", 0.0)
    book(course, "student-001")
    assert final(course) == 103.0


def test_the_attempt_that_counts_is_shown(course):
    """A later attempt with fewer points leaves rows, notebook and time of the better one."""
    first = submission(course, "student-001", forward=SOLVED)
    booked(course, result("student-001", submitted="2027-01-16T12:00:00+00:00"), first)
    second = submission(course, "student-001", forward="def forward(x): return 2")
    worse = result("student-001", Verdict.FAILED, submitted="2027-01-17T11:00:00+00:00")
    booked(course, worse, second)
    folders = Folders(course)
    assert final(course) == 100.0
    assert "x.clip(0)" in folders.autograded("relu", "student-001").read_text()
    assert folders.timestamp("relu", "student-001").read_text().startswith("2027-01-16 12:00")
    third = submission(course, "student-001", forward="def forward(x): return 3")
    booked(course, replace(worse, submitted="2027-01-17T11:30:00+00:00"), third)
    by_hand(course, mark_of(course).attempts[2].attempt, "forward", 60.0)
    book(course, "student-001")
    assert "return 3" in folders.autograded("relu", "student-001").read_text()
    assert folders.timestamp("relu", "student-001").read_text().startswith("2027-01-17 11:30")
    assert [line["new"] for line in read_audit(course, "relu")] == [100.0]


def test_points_by_hand_hold_no_later_attempt_down(course):
    """A person's 4 points are those of the first attempt; a second one with full marks counts in full."""
    attempt = graded(course, result("student-001", Verdict.FAILED, Verdict.FAILED))
    by_hand(course, attempt, "forward", 4.0, automatic=0.0)
    book(course, "student-001")
    assert final(course) == 44.0
    booked(course, result("student-001"), submission(course, "student-001", forward=SOLVED))
    assert final(course) == 100.0
    assert not read_booked(course, "relu")["student-001"].waiting


def test_a_correction_is_not_turned_back_by_a_later_upload(course):
    """86 that a person corrected to 88 stay 88 when something of 2 points comes in afterwards."""
    path = submission(course, "student-001", forward=SOLVED)
    attempt = graded(course, result("student-001", Verdict.PASSED, Verdict.FAILED), path)
    by_hand(course, attempt, "forward", 48.0)
    book(course, "student-001")
    assert final(course) == 88.0
    stub = result("student-001", *[Verdict.FAILED] * 4)
    booked(course, stub, submission(course, "student-001", forward="def forward(x): pass"))
    assert final(course) == 88.0


def test_kept_points_are_the_automatic_ones(course):
    """Where an earlier grading's points are kept, they stand in the cells, and the mark is theirs."""
    attempt = graded(course, result("student-001"))
    before = mark_of(course).counting.graded
    with open_facts(course) as database, database.write() as connection:
        keep(connection, attempt, before, DEED)
    booked(course, result("student-001", Verdict.FAILED))
    assert final(course) == 100.0
    with open_gradebook(course) as gradebook:
        assert grade_row(gradebook, "student-001", "points-forward").auto_score == 60.0
    assert mark_of(course).how == "one attempt, time of handing in not known, 100 kept of an earlier grading"


def test_a_submission_without_any_mark_has_none(course):
    """Rows that nbgrader made before anything was graded are no mark of 0."""
    with open_gradebook(course) as gradebook:
        gradebook.add_student("student-001")
        gradebook.add_submission("relu", "student-001")
    assert read_booked(course, "relu") == {}
    booked(course, result("student-001"))
    assert final(course) == 100.0


def test_broken_stores_nothing(course):
    """A fault of ours makes no rows, and no mark of 0; a mark that is gone leaves none standing."""
    assert booked(course, result("student-002", Verdict.BROKEN)).written == 0
    booked(course, result("student-001"))
    assert {name: mark.final for name, mark in read_booked(course, "relu").items()} == {"student-001": 100.0}
    booked(course, result("student-001", Verdict.BROKEN))
    assert mark_of(course).points is None
    assert read_booked(course, "relu") == {}
    assert [line["new"] for line in read_audit(course, "relu")] == [100.0, None]


def test_points_are_never_more_than_a_check_is_worth(course):
    """Neither more than the maximum nor less than nothing becomes a mark."""
    high = result("student-001").with_checks((check("test_values", "forward", 40.0, earned=4000.0),))
    low = result("student-002").with_checks((check("test_values", "forward", 40.0, earned=-5.0),))
    booked(course, high)
    booked(course, low)
    assert [final(course), final(course, "student-002")] == [40.0, 0.0]


def test_late_submissions_lose_what_the_policy_says(course):
    """The penalty follows the policy and the student's own date, which is nbgrader's extension."""
    booked(course, result("student-001", submitted=LATE))
    assert final(course) == 80.0
    with open_facts(course) as database, database.write() as connection:
        extend(connection, "relu", "student-001", DAYS, "1", DEED)
    assert caught_up(course) == []
    assert final(course) == 90.0
    with open_gradebook(course) as gradebook:
        submitted = gradebook.find_submission("relu", "student-001")
        assert submitted.extension.days == 1
        assert submitted.timestamp.isoformat() == "2027-01-18T13:00:00"
    lines = read_audit(course, "relu")
    assert [line["new"] for line in lines] == [80.0, 90.0]
    assert lines[1]["why"] == "one attempt, late: minus 10 %, with your extension, 100"


def test_every_change_of_a_mark_is_recorded_once(course):
    """The record says who, when, old, new and why, and nothing where the mark stayed."""
    for each in (
        result("student-001", Verdict.FAILED),
        result("student-001", Verdict.FAILED),
        result("student-001"),
    ):
        booked(course, each)
    entries = read_audit(course, "relu")
    assert [(entry["old"], entry["new"]) for entry in entries] == [(None, 60.0), (60.0, 100.0)]
    assert all(
        entry["who"] and entry["when"] and entry["why"] and entry["student"] == "student-001"
        for entry in entries
    )


def with_bonus(points):
    """A perfect result with a bonus check."""
    more = result("student-001")
    return more.with_checks((*more.checks, check("test_fast", "forward", points, bonus=True)))


def test_bonus_is_extra_credit(course):
    """Bonus points appear as extra credit, and follow a regrade."""
    for points in (5.0, 3.0, 0.0):
        booked(course, with_bonus(points))
        assert final(course) == 100.0 + points


def test_a_persons_extra_credit_stands_in_place_of_the_bonus(course):
    """Whatever a regrade gives."""
    attempt = graded(course, with_bonus(5.0))
    by_hand(course, attempt, "forward", 1.0, kind=EXTRA)
    book(course, "student-001")
    booked(course, with_bonus(3.0))
    assert final(course) == 101.0


def test_an_unchanged_notebook_keeps_its_file(course):
    """What a regrade does not change need not reach the disk again; what it changes is renewed."""
    shown = Folders(course).autograded("relu", "student-001")
    files = []
    for verdict in (Verdict.PASSED, Verdict.PASSED, Verdict.FAILED):
        booked(course, result("student-001", verdict))
        files.append((shown.stat().st_ino, "FAILED" in shown.read_text()))
    assert files[0] == files[1]
    assert [failed for _, failed in files] == [False, False, True]


def test_what_the_gradebook_lacks_is_written(course):
    """Rows, notebooks or a whole gradebook that are gone come back, though no fact has changed."""
    graded(course, result("student-001"))
    graded(course, result("student-002"))
    graded(course, result("student-003", Verdict.BROKEN))
    assert caught_up(course) == []
    shown = Folders(course).autograded("relu", "student-002")
    shown.unlink()
    (course.data_folder / "gradebook.db").unlink()
    assert read_booked(course, "relu") == {}
    assert caught_up(course) == []
    assert list(read_booked(course, "relu")) == ["student-001", "student-002"]
    assert shown.is_file()
    assert len(read_audit(course, "relu")) == 2  # no mark has changed


def test_a_damaged_result_in_the_facts_keeps_nobody_back(course):
    """What is no number is refused with a reason, and the others are written."""
    graded(course, result("student-001"))
    odd = graded(course, result("student-002"))
    with open_facts(course) as database, database.write() as connection:
        assert result_of(connection, odd.id).score == 100.0
        text = json.dumps({"tasks": {"forward": [float("inf"), 0.0]}, "answers": {}})
        connection.execute(RESULTS.update().where(RESULTS.c.attempt == odd.id).values(summary=text))
    refused = caught_up(course)
    assert len(refused) == 1 and "student-002" in refused[0] and "finite" in refused[0]
    assert list(read_booked(course, "relu")) == ["student-001"]


def test_points_without_a_cell_are_refused(course):
    """Points of a task that the gradebook does not know are never lost silently."""
    lost = result("student-001").with_checks((check("test_values", "conv", 40.0),))
    summary = booked(course, lost)
    assert "points-conv" in summary.refused[0]
    assert "course build" in summary.refused[0]


def test_odd_names_become_safe_folders(course):
    """A name with a slash or a direction mark gets a folder and a row of its own."""
    booked(course, result("a/../b"))
    booked(course, result("c\u202ed"))
    folders = Folders(course)
    assert folders.autograded("relu", "a/../b").is_file()
    assert len(list((folders.root / "autograded").iterdir())) == 2
    assert len(read_booked(course, "relu")) == 2


def test_the_shown_notebook_is_the_submission_in_the_frame_of_the_release(course):
    """Locked cells are restored, duplicates and strangers lose their marking, missing cells come back."""
    notebook = released()
    cells = {made["metadata"]["nbgrader"]["grade_id"]: made for made in notebook["cells"]}
    cells["forward"]["source"] = SOLVED
    cells["points-forward"]["source"] = "60.0"
    html = {"output_type": "display_data", "data": {"text/html": "<script>1</script>"}, "metadata": {}}
    stream = {"output_type": "stream", "name": "stdout", "text": ["hello"]}
    cells["forward"]["outputs"] = [html, stream, "junk"]
    order = ["intro", "forward", "forward", "check-forward", "points-forward", "why"]
    extra = {
        "cell_type": "heading",
        "source": ["my", " text"],
        "metadata": {"nbgrader": {"grade_id": "points-x"}},
    }
    path = write(
        course.root / "odd.ipynb", {**notebook, "cells": [*[cells[name] for name in order], extra, 7]}
    )
    booked(course, result("student-001"), path)
    shown = json.loads(Folders(course).autograded("relu", "student-001").read_text())
    named = [made["metadata"].get("nbgrader", {}).get("grade_id") for made in shown["cells"]]
    assert named == [
        *["intro", "forward", None, "check-forward", "points-forward"],
        *["backward", "check-backward", "points-backward", "why", None],
    ]
    by_name = {made["metadata"].get("nbgrader", {}).get("grade_id"): made for made in shown["cells"]}
    assert by_name["forward"]["source"] == SOLVED
    assert by_name["points-forward"]["source"].endswith("0.0")
    assert by_name["points-forward"]["source"] != "60.0"
    assert "<script>" not in json.dumps(shown)
    assert by_name["forward"]["outputs"][0]["data"] == {"text/plain": "hello"}
    assert "PASSED" in by_name["points-forward"]["outputs"][0]["data"]["text/plain"]


@pytest.mark.parametrize("kind", ["truncated", "latin", "list", "link", "fifo", "huge"])
def test_an_unreadable_file_shows_the_empty_release(course, kind):
    """Whatever was handed in, formgrader has a page to show, and nothing outside is read."""
    path = course.root / "odd.ipynb"
    if kind == "link":
        path.symlink_to(
            write(course.root / "secret.ipynb", {"cells": [{"cell_type": "raw", "source": "secret"}]})
        )
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        content = {
            "truncated": b'{"cells": [',
            "latin": b"\xff\xfe\xfd",
            "list": b"[1]",
            "huge": b" " * (21 << 20),
        }
        path.write_bytes(content[kind])
    booked(course, result("student-001", *[Verdict.ERROR] * 4), path)
    shown = Folders(course).autograded("relu", "student-001").read_text()
    assert "points-backward" in shown
    assert "secret" not in shown


def test_what_the_course_never_shows_is_not_in_nbgrader_either(course):
    """nbgrader's feedback would show it: hidden explanations stay out of comments and notebooks."""
    named = check(
        "test_values", "forward", 40.0, Verdict.FAILED, reason="It is flipped.", mistake="m", hint="Turn it."
    )
    hidden = result("student-001").with_checks((named,))
    quiet = replace(course, disclosure=Disclosure(mistakes="never"))
    booked(quiet, hidden)
    with open_gradebook(course) as gradebook:
        comment = gradebook.find_comment("forward", "relu", "relu", "student-001").comment
    shown = comment + Folders(course).autograded("relu", "student-001").read_text()
    assert "FAILED" in shown
    assert "flipped" not in shown
    assert "Turn it" not in shown


def test_a_unit_that_was_not_built_is_a_clear_error(course):
    """Without nbgrader's source version the error says which command makes it."""
    course.unit("relu").released_notebook.unlink()
    with pytest.raises(ConfigError, match="course build relu"):
        booked(course, result("student-001"))


def test_changed_points_are_taken_over_and_changed_tasks_are_refused(course):
    """After grading, a cell's points may change; adding a cell is refused with what to do."""
    unit = course.unit("relu")
    booked(course, result("student-001"))
    notebook = released()
    notebook["cells"][3]["metadata"]["nbgrader"]["points"] = 50
    write(course.unit("relu").released_notebook, notebook)
    assert ensure_assignment(course, unit)
    booked(course, result("student-001"))
    assert final(course) == 100.0  # the mark of the grading that there is
    booked(course, result("student-001").with_checks((check("test_values", "forward", 50.0),)))
    assert (final(course), read_booked(course, "relu")["student-001"].max_score) == (50.0, 100.0)
    del notebook["cells"][1:4]
    write(course.unit("relu").released_notebook, notebook)
    with pytest.raises(ConfigError, match="submissions exist"):
        ensure_assignment(course, unit)


def test_a_damaged_gradebook_is_noticed(course):
    """The record beside it does not stand for it: what it holds is asked of the file itself."""
    booked(course, result("student-001"))
    file = Folders(course).database_file
    file.write_bytes(os.urandom(5000))
    for ask in (lambda: caught_up(course), lambda: read_booked(course, "relu")):
        with pytest.raises(ConfigError, match=r"is damaged .* Restore it from a backup, or move it away"):
            ask()
    file.write_bytes(b"")
    assert caught_up(course) == []
    assert read_booked(course, "relu")["student-001"].final == 100.0


def test_damage_that_shows_only_while_writing(course):
    """The same sentence, no traceback."""
    booked(course, result("student-001"))
    file = Folders(course).database_file
    content = bytearray(file.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="is damaged"):
        booked(course, result("student-001", Verdict.FAILED))
