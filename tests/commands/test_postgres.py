"""``course`` with databases on PostgreSQL: marks, and what an operator reads when one cannot be opened."""

import re
from dataclasses import replace

import pytest

from autograder.base.errors import ConfigError
from autograder.exchange.store.database import ExchangeDatabase
from autograder.gradebook.database import open_gradebook
from autograder.hub.process.launch import prepare
from autograder.hub.process.options import Options
from tests.batch.conftest import made  # noqa: F401 - the course without a gradebook
from tests.batch.small import UNIT, in_process, loaded, overflowing, right, run, submit
from tests.booked import read_booked
from tests.hub.support import free_port
from tests.postgres import postgres  # noqa: F401 - a fixture

SECRET = "swordfish"


def set_gradebook(root, url):
    """Write the URL into the course's file."""
    config = root / "course_config.py"
    config.write_text(f"{config.read_text()}\ncourse = _replace(course, gradebook={url!r})\n")


@pytest.mark.sandbox
def test_course_grade_writes_marks_that_are_read_again(root, folder, postgres, monkeypatch):  # noqa: F811
    """Marks come from the database, a person's mark stays through a regrade, and no SQLite file is made."""
    set_gradebook(root, postgres.fresh())
    submit(folder, "student-001", right(root))
    submit(folder, "student-002", overflowing(root))
    assert in_process(["grade", UNIT, str(folder)], root, monkeypatch) == 0
    course, _ = loaded(root)
    marks = read_booked(course, UNIT)
    assert marks["student-001"].final == 100.0
    assert 0 < marks["student-002"].final < 100.0
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("points-softmax_forward", UNIT, UNIT, "student-002").manual_score = 1.0
        gradebook.db.commit()
    assert in_process(["grade", UNIT, str(folder), "--force"], root, monkeypatch) == 0
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("points-softmax_forward", UNIT, UNIT, "student-002")
        assert (grade.manual_score, grade.score) == (1.0, 1.0)
    assert not (course.data_folder / "gradebook.db").exists()


def broken_urls(server):
    """URLs that do not work, and what the error has to say about each."""
    host = f"127.0.0.1:{server.port}"
    return {
        f"postgresql+psycopg://course:{SECRET}@{host}/postgres": "does not let 'course' in.*~/.pgpass",
        f"postgresql+psycopg://course@{host}/postgres": "does not let 'course' in.*~/.pgpass",
        server.url("nowhere"): "has no database 'nowhere'.*createdb -O course nowhere",
        f"postgresql+psycopg://course:{SECRET}@127.0.0.1:1/postgres": "no PostgreSQL answers at 127.0.0.1:1",
        f"postgresql+psycopg://course:{SECRET}@host.invalid/x": "no PostgreSQL answers at host.invalid:5432",
        f"postgresql+pg8000://course:{SECRET}@{host}/postgres": r"'pg8000'.*pip install '.*\[postgres\]'",
        f"postgres://course:{SECRET}@{host}/postgres": r"no database 'postgres'.*postgresql\+psycopg://",
        f"postgresql+psycopg://course:a@{SECRET}@{host}/postgres": "more than one '@'.*%40",
        f"postgresql+psycopg://course:{SECRET}": r"no database URL; expected one such as postgresql\+psycopg://",
        SECRET: r"no database URL; expected one such as postgresql\+psycopg://",
    }  # fmt: skip


def opened(how, course, url):
    """Open that database as the engine does."""
    if how == "hub":
        list(prepare(course, Options(database=url, port=free_port())))
    elif how == "facts":
        ExchangeDatabase(url)
    else:
        read_booked(replace(course, gradebook=url), UNIT)


@pytest.mark.parametrize(
    ("how", "where"),
    [("gradebook", "course_config.py"), ("facts", "COURSE_DATABASE"), ("hub", "--database")],
)
def test_what_does_not_work_is_said(how, where, root, postgres):  # noqa: F811
    """What was expected, what came, what to do next, where the URL is set; never a password."""
    course, _ = loaded(root)
    for url, words in broken_urls(postgres).items():
        with pytest.raises(ConfigError, match=f"(?s){words}.*{re.escape(where)}") as caught:
            opened(how, course, url)
        assert SECRET not in str(caught.value) and postgres.password not in str(caught.value)


def test_the_operator_reads_one_sentence(root, postgres):  # noqa: F811
    """Exit code 2, and neither a traceback nor a password on the screen."""
    wrong = postgres.url("postgres", SECRET)
    done = run(root, "hub", "--port", str(free_port()), "--database", wrong)
    said = done.stdout + done.stderr
    assert (done.returncode, said.count("\n")) == (2, 1), said
    assert said.startswith("course: the hub's database cannot be opened: PostgreSQL at 127.0.0.1:")
    assert SECRET not in said
