"""The gradebook on a real PostgreSQL, its URL set in course_config.py as a course sets it."""

import shutil

import pytest
from sqlalchemy import create_engine, text

from autograder.base.errors import ConfigError
from autograder.course import load_course
from autograder.gradebook import ensure_assignment, project, read_booked, unwritten
from autograder.gradebook.database import open_gradebook
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from tests.postgres import postgres  # noqa: F401 - a fixture

from .conftest import CONFIG, check, released, result, write
from .test_autograde import COMMENTS, MARKS, a_class, configure, nbgrader

# The same tests as on SQLite, on this file's course.
from .test_projection import (  # noqa: F401
    test_a_changed_written_answer_is_looked_at_again,
    test_a_manual_mark_stays,
    test_a_number_that_is_no_mark_is_refused,
    test_a_persons_extra_credit_stays,
    test_a_submission_without_any_mark_has_none,
    test_a_written_answer_waits_for_a_person,
    test_bonus_is_extra_credit,
    test_broken_stores_nothing,
    test_changed_points_are_taken_over_and_changed_tasks_are_refused,
    test_every_change_of_a_mark_is_recorded_once,
    test_late_submissions_lose_what_the_policy_says,
    test_odd_names_become_safe_folders,
    test_points_of_each_task_are_written,
    test_scores_are_clipped_to_what_the_cell_is_worth,
)

LIVE, MADE = "gradebook", "gradebook_made"


def with_gradebook(url):
    """The tiny course's file with a URL in it."""
    return CONFIG.replace('"Tiny course",', f'"Tiny course", gradebook={url!r},')


@pytest.fixture(scope="module")
def built(postgres, tmp_path_factory):  # noqa: F811
    """The tiny course with its gradebook, and a copy of that database for later tests."""
    root = tmp_path_factory.mktemp("tiny-on-postgres")
    (root / "course_config.py").write_text(with_gradebook(postgres.fresh(LIVE)))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(root)
        write(course.unit("relu").released_notebook, released())
        ensure_assignment(course, course.unit("relu"))
    postgres.fresh(MADE, template=LIVE)
    return root


@pytest.fixture
def course(built, postgres, tmp_path, monkeypatch):  # noqa: F811
    """A copy of course and database for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    postgres.fresh(LIVE, template=MADE)
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return load_course(tmp_path)


def rows(course, query):
    """Rows of the gradebook, without nbgrader."""
    engine = create_engine(course.gradebook)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def test_hundreds_of_students_are_written_at_once(course):
    """More students than one round of queries takes; names as long as nbgrader's columns are."""
    graded = [result(f"student-{number:03d}-{'é' * number}") for number in range(320)]
    assert project(course, course.unit("relu"), [(one, None) for one in graded]).written == 320
    marks = read_booked(course, "relu")
    assert len(marks) == 320
    assert {mark.final for mark in marks.values()} == {100.0}
    assert unwritten(course, "relu", graded) == []


def test_text_that_postgresql_refuses_is_written_visibly(course):
    """NUL and half characters in a reason become visible signs."""
    odd = result("student-001").with_checks(
        (check("test_values", "forward", 40.0, Verdict.FAILED, reason="a\0b \ud800"),)
    )
    assert project(course, course.unit("relu"), [(odd, None)]).written == 1
    with open_gradebook(course) as gradebook:
        comment = gradebook.find_comment("forward", "relu", "relu", "student-001").comment
    assert "a\\u0000b \\ud800" in comment


def test_a_gradebook_that_was_made_anew_is_filled_again(course, postgres):  # noqa: F811
    """A lost database gets its assignment and all marks from the results, at the next 'course grade'."""
    unit, graded = course.unit("relu"), [result("student-001"), result("student-002")]
    project(course, unit, [(one, None) for one in graded])
    assert unwritten(course, "relu", graded) == []
    postgres.fresh(LIVE)
    assert read_booked(course, "relu") == {}
    assert unwritten(course, "relu", graded) == graded
    project(course, unit, [(one, None) for one in graded])
    assert len(read_booked(course, "relu")) == 2
    assert unwritten(course, "relu", graded) == []


def test_another_gradebook_is_filled_from_the_results(course, postgres):  # noqa: F811
    """A course that moves to another database finds there what it has graded before."""
    graded = result("student-001")
    project(course, course.unit("relu"), [(graded, None)])
    (course.root / "course_config.py").write_text(with_gradebook(postgres.fresh()))
    moved = load_course(course.root)
    assert unwritten(moved, "relu", [graded]) == [graded]
    project(moved, moved.unit("relu"), [(graded, None)])
    assert read_booked(moved, "relu")["student-001"].final == 100.0


def test_a_server_that_stops_is_said(course, postgres):  # noqa: F811
    """Nothing is lost: the results still lack their rows, and the next run writes them."""
    unit, graded = course.unit("relu"), result("student-001")
    postgres.stop()
    try:
        with pytest.raises(ConfigError, match="gradebook cannot be opened: no PostgreSQL answers at 127"):
            project(course, unit, [(graded, None)])
        assert unwritten(course, "relu", [graded]) == [graded]
    finally:
        postgres.start()
    with pytest.raises(ConfigError, match="gradebook cannot be used"):
        lose_the_server(course, postgres)
    assert project(course, unit, [(graded, None)]).written == 1
    assert len(read_audit(course, "relu")) == 1


def lose_the_server(course, server):
    """Ask an open gradebook after its server was started anew."""
    with open_gradebook(course) as gradebook:
        server.stop()
        server.start()
        gradebook.db.execute(text("select 1"))


@pytest.mark.slow
def test_nbgraders_own_commands_work(course):
    """'nbgrader autograde' leaves the rows of 'course grade', and 'db assignment remove' empties them."""
    unit = course.unit("relu")
    configure(course)
    assert project(course, unit, a_class(course)).written == 4
    expected = rows(course, MARKS), rows(course, COMMENTS)
    done = nbgrader(course.root, "autograde", "relu", "--force")
    assert done.returncode == 0, done.stderr
    assert len(expected[0]) == 12
    assert (rows(course, MARKS), rows(course, COMMENTS)) == expected
    done = nbgrader(course.root, "db", "assignment", "remove", "relu", "--force")
    assert done.returncode == 0, done.stderr
    assert rows(course, MARKS) == []
    assert rows(course, "select version_num from alembic_version") != []
