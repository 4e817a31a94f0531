"""What every test starts from: this repository's course, and nothing of the test before."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_course
from tests import everything, needs, once, order

ROOT = str(Path(__file__).parents[1])
LITTLE = Path(__file__).parent / "little"
SHARED = ("people", "apart", "classroom")  # hubs of a whole session, each with a story that is told in order


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file stays in one process, which makes its fixtures once, and so does all that shares a hub."""
    browsers = {Path(file) for file in everything.of_browsers()}
    for item in items:
        if item.get_closest_marker("browser") and item.path not in browsers:
            raise pytest.UsageError(f"tests/everything.py does not see that {item.nodeid} drives a browser")
        if not item.get_closest_marker("xdist_group"):
            names = getattr(item, "fixturenames", ())
            shared = [name for name in SHARED if name in names]
            item.add_marker(pytest.mark.xdist_group(shared[0] if shared else item.path.stem))
    if not config.getoption("loadscopereorder", True):
        items[:] = order.in_turns(items)


def pytest_collection_finish() -> None:
    """From here on, most of what this process holds are tests."""
    once.keep_tests()
    once.trust_once()


def _solutions() -> dict:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == "solutions"}


@pytest.fixture(scope="module", autouse=True)
def _start_with_this_course():
    """What fixtures of another file loaded means nothing here."""
    for name in _solutions():
        del sys.modules[name]
    sys.path[:] = [ROOT, *(path for path in sys.path if path != ROOT)]


@pytest.fixture(autouse=True)
def _leave_no_course_behind():
    """Loading another course changes what ``solutions`` means; put it back."""
    before, path, folder = _solutions(), list(sys.path), os.environ.get("COURSE_DATA")
    yield
    for name in _solutions():
        del sys.modules[name]
    sys.modules.update(before)
    sys.path[:] = path
    os.environ.pop("COURSE_DATA", None)
    if folder is not None:
        os.environ["COURSE_DATA"] = folder


@pytest.fixture(autouse=True)
def _numpy_as_it_was():
    """Notebooks that say ``np.seterr`` say it in this process, too."""
    with np.errstate():
        yield


@pytest.fixture(scope="session")
def little(tmp_path_factory):
    """The folder of the small course of ``tests/little``, released: a unit of the tests' own."""
    from autograder.unit.release import build, publish

    paths = list(sys.path)
    root = shutil.copytree(LITTLE, tmp_path_factory.mktemp("little") / "course")
    course = load_course(root)
    publish(course, course.units[0], build(course, course.units[0]))
    sys.path[:] = paths
    return root


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium, one for all tests of a process; see tests/everything.py."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=needs.chromium(), args=arguments)
        yield opened
        opened.close()
