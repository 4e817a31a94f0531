"""What 'course grade' leaves in nbgrader's gradebook."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError
from autograder.course import Disclosure
from autograder.gradebook import Folders, ensure_assignment, project, read_booked, rows, unwritten
from autograder.gradebook.database import open_gradebook
from autograder.results.audit import read_audit
from autograder.results.result import Verdict

from .conftest import check, released, result, submission, write

SOLVED = "def forward(x):\n    return x.clip(0)"


def grade_row(gradebook, student, cell):
    """One grade of the gradebook."""
    return gradebook.find_grade(cell, "relu", "relu", student)


def test_points_of_each_task_are_written(course):
    """A task's cell holds the sum of its earned points; the mark is their sum."""
    graded = result("student-001", Verdict.FAILED)
    summary = project(course, course.unit("relu"), [(graded, submission(course, "student-001"))])
    assert (summary.written, summary.changed) == (1, 1)
    with open_gradebook(course) as gradebook:
        assert grade_row(gradebook, "student-001", "points-forward").score == 20.0
        assert grade_row(gradebook, "student-001", "points-backward").score == 40.0
    assert read_booked(course, "relu")["student-001"].final == 60.0


def test_formgraders_autograde_asks_for_no_second_look(course):
    """Its button removes the autograded folder before 'course grade' runs: the same answer is no new one."""
    unit = course.unit("relu")
    pair = (result("student-001"), submission(course, "student-001", why="Because of the kink."))
    project(course, unit, [pair])
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "why")
        row.manual_score, row.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    shutil.rmtree(Folders(course).autograded(unit.name, "student-001").parent)
    project(course, unit, [pair])
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "why")
        assert (row.manual_score, row.needs_manual_grade) == (3.0, False)


def test_an_emptied_answer_is_none(course):
    """A student who deletes the text of the release has answered nothing."""
    project(
        course, course.unit("relu"), [(result("student-001"), submission(course, "student-001", why=" "))]
    )
    assert not read_booked(course, "relu")["student-001"].waiting


def test_a_written_answer_waits_for_a_person(course):
    """An empty written answer is 0, another one needs a manual mark."""
    pairs = [
        (result("student-001"), submission(course, "student-001", why="Because of the kink.")),
        (result("student-002"), submission(course, "student-002")),
    ]
    project(course, course.unit("relu"), pairs)
    marks = read_booked(course, "relu")
    assert marks["student-001"].waiting
    assert not marks["student-002"].waiting
    with open_gradebook(course) as gradebook:
        comment = gradebook.find_comment("why", "relu", "relu", "student-002")
        assert comment.comment == "No response."


def test_a_manual_mark_stays(course):
    """A regrade never overwrites what a person gave, and asks for a look only where its own score moved."""
    unit = course.unit("relu")
    path = submission(course, "student-001", why="Because of the kink.")
    project(course, unit, [(result("student-001", Verdict.FAILED), path)])
    with open_gradebook(course) as gradebook:
        for cell, mark in (("points-forward", 33.0), ("why", 7.0)):
            row = grade_row(gradebook, "student-001", cell)
            row.manual_score, row.needs_manual_grade = mark, False
        gradebook.find_comment("forward", "relu", "relu", "student-001").manual_comment = "Nice try."
        gradebook.db.commit()
    project(course, unit, [(result("student-001", Verdict.FAILED), path)])
    assert not read_booked(course, "relu")["student-001"].waiting
    project(course, unit, [(result("student-001"), path)])
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "points-forward")
        assert (row.manual_score, row.auto_score, row.score, row.needs_manual_grade) == (
            33.0,
            60.0,
            33.0,
            True,
        )
        assert not grade_row(gradebook, "student-001", "why").needs_manual_grade
        assert gradebook.find_comment("forward", "relu", "relu", "student-001").comment == "Nice try."
    assert read_booked(course, "relu")["student-001"].final == 33.0 + 40.0 + 7.0


def test_a_changed_written_answer_is_looked_at_again(course):
    """A manual mark of an answer that the student changed since is marked for another look."""
    unit = course.unit("relu")
    project(course, unit, [(result("student-001"), submission(course, "student-001", why="First."))])
    with open_gradebook(course) as gradebook:
        row = grade_row(gradebook, "student-001", "why")
        row.manual_score, row.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    project(course, unit, [(result("student-001"), submission(course, "student-001", why="Second."))])
    assert read_booked(course, "relu")["student-001"].waiting


def test_a_submission_without_any_mark_has_none(course):
    """Rows that nbgrader made before anything was graded are no mark of 0."""
    with open_gradebook(course) as gradebook:
        gradebook.add_student("student-001")
        gradebook.add_submission("relu", "student-001")
    assert read_booked(course, "relu") == {}
    project(course, course.unit("relu"), [(result("student-001"), None)])
    assert read_booked(course, "relu")["student-001"].final == 100.0


def test_broken_stores_nothing(course):
    """A fault of ours leaves the earlier mark, or none, and is reported."""
    unit = course.unit("relu")
    path = submission(course, "student-001")
    project(course, unit, [(result("student-001"), path)])
    summary = project(
        course, unit, [(result("student-001", Verdict.BROKEN), path), (result("s2", Verdict.BROKEN), None)]
    )
    assert summary.broken == ("student-001", "s2")
    assert {name: mark.final for name, mark in read_booked(course, "relu").items()} == {"student-001": 100.0}


@pytest.mark.parametrize("earned", [float("nan"), float("inf")])
def test_a_number_that_is_no_mark_is_refused(course, earned):
    """NaN and infinity are refused with a reason; the other submissions are written."""
    odd = result("student-001")
    odd = odd.with_checks((check("test_values", "forward", 40.0, earned=earned), *odd.checks[1:]))
    summary = project(course, course.unit("relu"), [(odd, None), (result("student-002"), None)])
    assert summary.written == 1
    assert "finite" in summary.refused[0]
    assert list(read_booked(course, "relu")) == ["student-002"]


def test_scores_are_clipped_to_what_the_cell_is_worth(course):
    """Neither more than the maximum nor less than nothing reaches the gradebook."""
    unit = course.unit("relu")
    high = result("student-001").with_checks((check("test_values", "forward", 40.0, earned=4000.0),))
    low = result("student-002").with_checks((check("test_values", "forward", 40.0, earned=-5.0),))
    project(course, unit, [(high, None), (low, None)])
    assert [mark.final for mark in read_booked(course, "relu").values()] == [60.0, 0.0]


def test_late_submissions_lose_what_the_policy_says(course):
    """The penalty follows the policy, an extension in the gradebook and a changed time."""
    unit = course.unit("relu")
    late = result("student-001", submitted="2027-01-18T13:00:00+00:00")
    project(course, unit, [(late, None)])
    assert read_booked(course, "relu")["student-001"].final == 80.0
    with open_gradebook(course) as gradebook:
        gradebook.grant_extension("relu", "student-001", days=1)
    project(course, unit, [(late, None)])
    assert read_booked(course, "relu")["student-001"].final == 90.0
    assert [entry["new"] for entry in read_audit(course, "relu")] == [80.0, 90.0]


def test_every_change_of_a_mark_is_recorded_once(course):
    """The record says who, when, old, new and why, and nothing where the mark stayed."""
    unit = course.unit("relu")
    for graded in (
        result("student-001", Verdict.FAILED),
        result("student-001", Verdict.FAILED),
        result("student-001"),
    ):
        project(course, unit, [(graded, None)])
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
    unit = course.unit("relu")
    for points in (5.0, 3.0, 0.0):
        project(course, unit, [(with_bonus(points), None)])
        assert read_booked(course, "relu")["student-001"].final == 100.0 + points


def test_a_persons_extra_credit_stays(course):
    """Extra credit that is not the bonus which was written last is a person's."""
    unit = course.unit("relu")
    project(course, unit, [(with_bonus(5.0), None)])
    with open_gradebook(course) as gradebook:
        grade_row(gradebook, "student-001", "points-forward").extra_credit = 1.0
        gradebook.db.commit()
    project(course, unit, [(with_bonus(3.0), None)])
    assert read_booked(course, "relu")["student-001"].final == 101.0


def test_what_a_person_writes_meanwhile_stays(course, monkeypatch):
    """Extra credit given between the reading of the rows and their writing is not written over."""
    unit = course.unit("relu")
    project(course, unit, [(result("student-001", Verdict.FAILED), None)])
    compute = rows._grades

    def after_a_person(*given):
        with open_gradebook(course) as gradebook:
            grade_row(gradebook, "student-001", "points-forward").extra_credit = 1.0
            gradebook.db.commit()
        return compute(*given)

    monkeypatch.setattr(rows, "_grades", after_a_person)
    project(course, unit, [(result("student-001"), None)])
    assert read_booked(course, "relu")["student-001"].final == 101.0


def test_an_unchanged_notebook_keeps_its_file(course):
    """What a regrade does not change need not reach the disk again; what it changes is renewed."""
    unit, shown = course.unit("relu"), Folders(course).autograded("relu", "student-001")
    files = []
    for verdict in (Verdict.PASSED, Verdict.PASSED, Verdict.FAILED):
        project(course, unit, [(result("student-001", verdict), None)])
        files.append((shown.stat().st_ino, "FAILED" in shown.read_text()))
    assert files[0] == files[1]
    assert [failed for _, failed in files] == [False, False, True]


def test_what_the_gradebook_lacks_is_known(course):
    """After a killed batch the missing results are found; a new hint counts, a new duration does not."""
    unit = course.unit("relu")
    first, second, broken = (
        result("student-001"),
        result("student-002"),
        result("student-003", Verdict.BROKEN),
    )
    assert unwritten(course, "relu", [first, second, broken]) == [first, second]
    project(course, unit, [(first, None), (broken, None)])
    assert unwritten(course, "relu", [first, second, broken]) == [second]
    assert unwritten(course, "relu", [replace(first, seconds=9.0)]) == []
    assert len(unwritten(course, "relu", [replace(first, explained="new")])) == 1
    (course.data_folder / "gradebook.db").unlink()
    assert unwritten(course, "relu", [first]) == [first]
    project(course, unit, [(second, None)])
    assert unwritten(course, "relu", [first, second]) == [first]


def test_points_without_a_cell_are_refused(course):
    """Points of a task that the gradebook does not know are never lost silently."""
    lost = result("student-001").with_checks((check("test_values", "conv", 40.0),))
    summary = project(course, course.unit("relu"), [(lost, None)])
    assert "points-conv" in summary.refused[0]
    assert "course build" in summary.refused[0]


def test_odd_names_become_safe_folders(course):
    """A name with a slash or a direction mark gets a folder and a row of its own."""
    project(course, course.unit("relu"), [(result("a/../b"), None), (result("c\u202ed"), None)])
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
    project(course, course.unit("relu"), [(result("student-001"), path)])
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
    project(course, course.unit("relu"), [(result("student-001", *[Verdict.ERROR] * 4), path)])
    shown = Folders(course).autograded("relu", "student-001").read_text()
    assert "points-backward" in shown
    assert "secret" not in shown


def test_what_the_course_never_shows_is_not_in_nbgrader_either(course):
    """nbgrader's feedback would show it: hidden explanations stay out of comments and notebooks."""
    named = check(
        "test_values", "forward", 40.0, Verdict.FAILED, reason="It is flipped.", mistake="m", hint="Turn it."
    )
    graded = result("student-001").with_checks((named,))
    quiet = replace(course, disclosure=Disclosure(mistakes="never"))
    project(quiet, course.unit("relu"), [(graded, None)])
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
        project(course, course.unit("relu"), [(result("student-001"), None)])


def test_changed_points_are_taken_over_and_changed_tasks_are_refused(course):
    """After grading, a cell's points may change; adding a cell is refused with what to do."""
    unit = course.unit("relu")
    project(course, unit, [(result("student-001"), None)])
    notebook = released()
    notebook["cells"][3]["metadata"]["nbgrader"]["points"] = 50
    write(course.unit("relu").released_notebook, notebook)
    assert ensure_assignment(course, unit)
    project(course, unit, [(result("student-001"), None)])
    assert read_booked(course, "relu")["student-001"].final == 90.0
    del notebook["cells"][1:4]
    write(course.unit("relu").released_notebook, notebook)
    with pytest.raises(ConfigError, match="submissions exist"):
        ensure_assignment(course, unit)


def test_a_damaged_gradebook_is_noticed(course):
    """The record beside it does not stand for it: what it holds is asked of the file itself."""
    unit, pair = course.unit("relu"), (result("student-001"), None)
    project(course, unit, [pair])
    file = Folders(course).database_file
    file.write_bytes(os.urandom(5000))
    assert unwritten(course, "relu", [pair[0]]) == [pair[0]]
    for ask in (lambda: project(course, unit, [pair]), lambda: read_booked(course, "relu")):
        with pytest.raises(ConfigError, match=r"is damaged .* Restore it from a backup, or move it away"):
            ask()
    file.write_bytes(b"")
    project(course, unit, [pair])
    assert read_booked(course, "relu")["student-001"].final == 100.0


def test_damage_that_shows_only_while_writing(course):
    """The same sentence, no traceback."""
    unit, pair = course.unit("relu"), (result("student-001"), None)
    project(course, unit, [pair])
    file = Folders(course).database_file
    content = bytearray(file.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="is damaged"):
        project(course, unit, [pair])
