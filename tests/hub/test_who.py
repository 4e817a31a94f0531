"""A profile that is not for everybody: who is shown it, who gets it, and what the course's file may say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tornado.web import HTTPError
from traitlets.config import Config

from autograder.base.errors import ConfigError
from autograder.course import Course, load_course
from autograder.hub.process import ports
from autograder.hub.process.options import Options
from autograder.hub.process.settings import configure
from autograder.hub.servers.spawners import BeforeSpawn
from tests.hub.support import free_port

CONFIG = """
from autograder.course import Course, Profile, Unit
course = Course("tiny", "Tiny", (Unit("relu", "ReLU", due="2027-01-17T12:00+00:00", hours=1),), profiles=(
    Profile("small", "NumPy"),
    Profile("big", "Many cores", cpus=8, units=("relu",), who=("ta", "instructor")),
))
"""


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    (tmp_path / "course_config.py").write_text(CONFIG)
    return load_course(tmp_path)


def spawner(*groups: str, profile: str = "") -> SimpleNamespace:
    """Somebody in these groups of the hub, who chose."""
    user = SimpleNamespace(name="somebody", groups=[SimpleNamespace(name=name) for name in groups])
    return SimpleNamespace(
        name="", user=user, environment={}, start_timeout=120, user_options={"profile": profile}
    )


TA = ("formgrade-tiny",)
INSTRUCTOR = ("formgrade-tiny", "instructor-tiny")


def test_who_is_shown_what(course, monkeypatch):
    """Staff choose, and read what a profile is meant for; students, who have one only, are asked nothing."""
    monkeypatch.setattr(ports, "hub_port", lambda *_: free_port())
    c = Config()
    configure(c, course, Options())
    shown = c.Spawner.options_form
    assert shown(spawner("nbgrader-tiny")) == ""
    for groups in (TA, INSTRUCTOR):
        assert 'value="big"' in shown(spawner(*groups)) and "at most 4 hours, for relu" in shown(
            spawner(*groups)
        )


def test_who_gets_what(course):
    """Whoever asks the API for more than the page offers gets the sentence for an unknown profile."""
    hook = BeforeSpawn(course, course.profiles, Options())
    for groups in (TA, INSTRUCTOR):
        mine = spawner(*groups, profile="big")
        hook(mine)
        assert mine.environment["OMP_NUM_THREADS"] == "8"
    with pytest.raises(HTTPError, match="no profile 'big'") as refused:
        hook(spawner("nbgrader-tiny", profile="big"))
    assert refused.value.status_code == 400
    student = spawner("nbgrader-tiny")
    hook(student)
    assert student.environment["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('who=("ta", "instructor")', 'who=("tas",)', "profile 'big': who has 'tas': did you mean ta"),
        ('units=("relu",)', 'units=("rleu",)', "profile 'big': units has 'rleu': did you mean relu"),
        ('units=("relu",)', 'units="relu"', "units is 'relu'"),
        ('"NumPy")', '"NumPy", who=("ta",))', "'small' is the first one"),
    ],
)
def test_what_the_file_may_say(course, old, new, said):
    """Roles and units that there are; the first profile is for everybody."""
    path = course.root / "course_config.py"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigError, match=said):
        load_course(course.root)
