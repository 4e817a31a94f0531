"""The gradebook on a real PostgreSQL, its URL set in course_config.py as a course sets it."""

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from autograder.base.errors import ConfigError
from autograder.course import load_course
from autograder.gradebook import ensure_assignment, project
from autograder.gradebook.database import open_gradebook
from autograder.marks import open_facts
from autograder.marks.files import attempt_for
from autograder.marks.graded import store
from autograder.results.audit import read_audit
from autograder.results.result import Verdict
from tests.booked import read_booked
from tests.postgres import postgres  # noqa: F401 - a fixture

from .conftest import CONFIG, booked, by_hand, caught_up, check, graded, released, result, write
from .test_autograde import COMMENTS, MARKS, a_class, configure, nbgrader

# The same tests as on SQLite, on this file's course.
from .test_foreign import (  # noqa: F401
    test_a_gradebook_of_before_is_taken_in_as_it_is,
    test_a_kill_at_any_step_loses_and_doubles_nothing,
    test_all_that_a_person_may_write_is_taken_in,
    test_an_extension_of_nbgrader_becomes_an_exemption,
    test_points_belong_to_the_attempt_that_was_shown,
    test_points_that_a_script_wrote_become_a_fact,
    test_rows_that_are_gone_take_nothing_back,
    test_what_a_person_writes_meanwhile_is_not_lost,
    test_what_is_taken_out_of_the_gradebook_is_taken_back,
)
from .test_projection import (  # noqa: F401
    test_a_changed_written_answer_is_looked_at_again,
    test_a_correction_is_not_turned_back_by_a_later_upload,
    test_a_damaged_result_in_the_facts_keeps_nobody_back,
    test_a_persons_extra_credit_stands_in_place_of_the_bonus,
    test_a_submission_without_any_mark_has_none,
    test_a_written_answer_waits_for_a_person,
    test_bonus_is_extra_credit,
    test_broken_stores_nothing,
    test_changed_points_are_taken_over_and_changed_tasks_are_refused,
    test_every_change_of_a_mark_is_recorded_once,
    test_kept_points_are_the_automatic_ones,
    test_late_submissions_lose_what_the_policy_says,
    test_odd_names_become_safe_folders,
    test_points_by_hand_hold_no_later_attempt_down,
    test_points_by_hand_stay,
    test_points_by_hand_that_are_taken_back_are_gone,
    test_points_of_each_task_are_written,
    test_the_denominator_is_the_mark_s,
)

LIVE, MADE = "gradebook", "gradebook_made"
FACTS, NO_FACTS = "facts", "facts_made"


def with_databases(facts, gradebook):
    """The tiny course's file with URLs in it."""
    return CONFIG.replace('"Tiny course",', f'"Tiny course", database={facts!r}, gradebook={gradebook!r},')


@pytest.fixture(scope="module")
def built(postgres, tmp_path_factory):  # noqa: F811
    """The tiny course with its gradebook, and a copy of both databases for later tests."""
    root = tmp_path_factory.mktemp("tiny-on-postgres")
    config = with_databases(postgres.fresh(FACTS), postgres.fresh(LIVE))
    (root / "course_config.py").write_text(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_DATA", raising=False)
        course = load_course(root)
        write(course.unit("relu").released_notebook, released())
        ensure_assignment(course, course.unit("relu"))
        with open_facts(course):
            pass  # makes the tables
    postgres.fresh(MADE, template=LIVE)
    postgres.fresh(NO_FACTS, template=FACTS)
    return root


@pytest.fixture
def course(built, postgres, tmp_path, monkeypatch):  # noqa: F811
    """A copy of course and databases for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    postgres.fresh(LIVE, template=MADE)
    postgres.fresh(FACTS, template=NO_FACTS)
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
    names = [f"student-{number:03d}-{'é' * number}"[:250] for number in range(320)]
    with open_facts(course) as database:
        with database.write() as connection:
            for name in names:
                attempt = attempt_for(connection, "relu", name, None, None)
                store(connection, attempt, result(name), attempt.received)
        assert project(course, database, course.unit("relu"), names).written == 320
    marks = read_booked(course, "relu")
    assert len(marks) == 320
    assert {mark.final for mark in marks.values()} == {100.0}
    assert caught_up(course) == []


def test_text_that_postgresql_refuses_is_written_visibly(course):
    """NUL and half characters in a reason become visible signs."""
    odd = result("student-001").with_checks(
        (check("test_values", "forward", 40.0, Verdict.FAILED, reason="a\0b \ud800"),)
    )
    assert booked(course, odd).written == 1
    with open_gradebook(course) as gradebook:
        comment = gradebook.find_comment("forward", "relu", "relu", "student-001").comment
    assert "a\\u0000b \\ud800" in comment


def test_a_gradebook_that_was_made_anew_is_filled_again(course, postgres):  # noqa: F811
    """A lost database gets its assignment and all marks from the facts, those of people too."""
    attempt = graded(course, result("student-001"))
    graded(course, result("student-002"))
    by_hand(course, attempt, "forward", 33.0)
    caught_up(course)
    postgres.fresh(LIVE)
    assert read_booked(course, "relu") == {}
    assert caught_up(course) == []
    assert [mark.final for mark in read_booked(course, "relu").values()] == [73.0, 100.0]


def test_another_gradebook_is_filled_from_the_facts(course, postgres):  # noqa: F811
    """A course that moves to another database finds there what it has graded before."""
    booked(course, result("student-001"))
    (course.root / "course_config.py").write_text(with_databases(course.database, postgres.fresh()))
    moved = load_course(course.root)
    assert caught_up(moved) == []
    assert read_booked(moved, "relu")["student-001"].final == 100.0


def test_a_server_that_stops_is_said(course, postgres):  # noqa: F811
    """No fact is lost: the rows are still behind, and the next run writes them."""
    here = replace(course, database=None)
    graded(here, result("student-001"))
    postgres.stop()
    try:
        with pytest.raises(ConfigError, match="gradebook cannot be opened: no PostgreSQL answers at 127"):
            caught_up(here)
    finally:
        postgres.start()
    with pytest.raises(ConfigError, match="gradebook cannot be used"):
        lose_the_server(course, postgres)
    assert caught_up(here) == []
    assert read_booked(here, "relu")["student-001"].final == 100.0
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
    configure(course)
    a_class(course)
    assert caught_up(course) == []
    expected = rows(course, MARKS), rows(course, COMMENTS)
    done = nbgrader(course.root, "autograde", "relu", "--force")
    assert done.returncode == 0, done.stderr
    assert len(expected[0]) == 12
    assert (rows(course, MARKS), rows(course, COMMENTS)) == expected
    done = nbgrader(course.root, "db", "assignment", "remove", "relu", "--force")
    assert done.returncode == 0, done.stderr
    assert rows(course, MARKS) == []
    assert rows(course, "select version_num from alembic_version") != []
