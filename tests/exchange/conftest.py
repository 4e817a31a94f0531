"""One small course per test session; a fresh exchange per test."""

import shutil
from pathlib import Path

import pytest

from autograder.course import Course, load_course
from autograder.exchange.service.settings import ServiceLimits
from autograder.exchange.store.desk import open_desk
from autograder.unit.release import build, publish
from autograder.unit.scaffold import new_course

from .hub import standing_in
from .stage import Service, in_this_process, release


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """A new course with its example unit, released to its folder."""
    root = tmp_path_factory.mktemp("exchange") / "course"
    new_course(root, "Small course")
    course = load_course(root)
    unit = course.units[0]
    publish(course, unit, build(course, unit))
    return root


@pytest.fixture
def course(built, tmp_path, monkeypatch) -> Course:
    """A copy of the course for one test."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    root = tmp_path / "course"
    shutil.copytree(built, root)
    return load_course(root)


@pytest.fixture
def hub():
    """Answers who a token belongs to."""
    with standing_in() as found:
        yield found


@pytest.fixture
def desk(course):
    """The exchange's storage; generous limits on rates, so that tests may hurry."""
    limits = ServiceLimits(
        uploads_per_minute=6000,
        upload_burst=500,
        uploads_per_day=100_000,
        requests_per_second=1000,
        request_burst=5000,
    )
    opened = open_desk(course, limits)
    yield opened
    opened.database.close()


@pytest.fixture
def stage(course, hub, desk, monkeypatch):
    """The web service in this process, with the unit released and no worker."""
    with in_this_process(course, hub, desk, monkeypatch) as found:
        release(found)
        yield found


@pytest.fixture
def service(course, hub):
    """The whole service as processes of its own."""
    found = Service(course, hub)
    found.start()
    release(found.stage)
    yield found
    found.stop()
