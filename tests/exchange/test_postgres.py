"""The exchange on a real PostgreSQL: its parts, its start, the whole service, and a server that goes away."""

import json
import threading
import time

import pytest
from sqlalchemy import create_engine, inspect

from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.database import ExchangeDatabase
from autograder.exchange.store.desk import open_desk
from autograder.exchange.store.tables import METADATA
from tests.booked import read_booked
from tests.postgres import postgres  # noqa: F401 - a fixture

from .stage import files, in_this_process, notebook, release, settle

# The same tests as on SQLite, on this file's desk.
from .test_parts import (  # noqa: F401
    test_a_result_with_half_characters_is_kept,
    test_a_second_end_of_an_entry_changes_nothing,
    test_an_entry_that_kills_its_workers_is_set_aside,
    test_an_explanation_is_paid_once,
    test_every_attempt_is_kept,
    test_places_in_line_count_from_the_front,
    test_the_queue_gives_each_entry_to_one_worker,
)
from .test_uploads import test_the_same_request_twice_is_one_attempt  # noqa: F401


@pytest.fixture
def url(postgres, monkeypatch):  # noqa: F811
    """A fresh database, named as an operator names it."""
    url = postgres.fresh()
    monkeypatch.setenv("COURSE_EXCHANGE_DB", url)
    return url


@pytest.fixture
def desk(url, course):
    """The exchange's storage on PostgreSQL; it stands in for the desk of conftest.py."""
    opened = open_desk(course, ServiceLimits(uploads_per_minute=6000, upload_burst=500, request_burst=5000))
    yield opened
    opened.database.close()


def test_processes_that_start_together_make_the_tables_once(postgres):  # noqa: F811
    """Web server, workers and publisher open the same empty database at the same moment."""
    url, errors = postgres.fresh(), []
    together = threading.Barrier(8)

    def start():
        together.wait()
        try:
            ExchangeDatabase(url).close()
        except Exception as error:  # looked at below
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    engine = create_engine(url)
    assert set(METADATA.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


@pytest.mark.parametrize("key", ["a\0b", "\ud800"])
def test_a_key_that_no_database_holds_is_refused(stage, key):
    """PostgreSQL takes no NUL and no half characters: the answer is a sentence, not a fault."""
    body = files(softmax_ipynb=notebook(stage.course)) | {"key": key}
    answer = stage.student().post("api/units/softmax/attempts", content=json.dumps(body))
    assert (answer.status_code, "printable" in answer.json()["error"]) == (400, True)


def test_a_server_that_is_away_is_said_and_comes_back(postgres, course, hub, desk, monkeypatch):  # noqa: F811
    """While PostgreSQL is stopped students read what to do; afterwards everything works again."""
    with in_this_process(course, hub, desk, monkeypatch) as stage:
        release(stage)
        student, body = stage.student(), files(softmax_ipynb=notebook(course))
        postgres.stop()
        try:
            answer = student.post("api/units/softmax/attempts", json=body)
        finally:
            postgres.start()
        assert answer.status_code == 503
        assert "no receipt" in answer.json()["error"]
        assert int(answer.headers["Retry-After"]) > 0
        assert student.post("api/units/softmax/attempts", json=body).json()["number"] == 1


@pytest.fixture
def graded_on(url, postgres, course, request):  # noqa: F811
    """The whole service; the gradebook has a database of its own on the same server."""
    gradebook, config = postgres.fresh(), course.root / "course_config.py"
    config.write_text(
        config.read_text().replace("course = Course(", f"course = Course(gradebook={gradebook!r}, ")
    )
    return request.getfixturevalue("service")


@pytest.mark.sandbox
@pytest.mark.xdist_group("exchange-service")
def test_the_whole_service_grades_and_survives(graded_on, postgres, url):  # noqa: F811
    """A killed worker and a stopped server cost nothing; the mark reaches PostgreSQL's gradebook."""
    from autograder.course import load_course

    stage = graded_on.stage
    student = stage.student()
    first = student.post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course, wrong=True))
    )
    assert first.status_code == 201, first.text
    assert settle(student, first.json()["id"])["score"] < 100
    postgres.stop()
    time.sleep(1)
    postgres.start()
    second = student.post(
        "api/units/softmax/attempts", json=files(softmax_ipynb=notebook(stage.course))
    ).json()
    assert settle(student, second["id"])["score"] == 100
    course, end = load_course(stage.course.root), time.monotonic() + 60
    while not (marks := read_booked(course, "softmax")) or marks["student-001"].final < 100:
        assert time.monotonic() < end, (stage.course.data_folder / "service.log").read_text()[-3000:]
        time.sleep(0.5)
    assert not (course.data_folder / "gradebook.db").exists()
    assert not (course.data_folder / "exchange" / "exchange.db").exists()
