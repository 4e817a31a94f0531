"""A hub with a class, and a real browser beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lab import Classroom
from tests.e2e.people import Visitor
from tests.e2e.strangers import Strangers, little
from tests.hub.origins import ApartHub
from tests.hub.support import ROOT, RunningHub

SHOTS = ROOT / "tests" / "screenshots"


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """``course hub`` in a folder of its own."""
    with RunningHub(tmp_path_factory.mktemp("e2e") / "course") as hub:
        yield hub


@pytest.fixture(scope="session")
def people(hub: RunningHub, chromium: Any) -> dict[str, Visitor]:
    """Everybody on the roster, each with a browser profile of their own."""
    SHOTS.mkdir(exist_ok=True)
    return {name: Visitor(chromium, hub, name, SHOTS) for name in hub.passwords}


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Strangers]:
    """A small course whose servers have origins of their own."""
    with ApartHub(tmp_path_factory.mktemp("apart") / "course", original=little()) as hub:
        strangers = Strangers(hub, chromium)
        yield strangers
        strangers.close()


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """A small course whose students work in JupyterLab."""
    SHOTS.mkdir(exist_ok=True)
    with Classroom(tmp_path_factory.mktemp("lab") / "course") as hub:
        yield hub


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They share one hub and one browser, in the order of the files."""
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where a test fails, keep what everybody sees."""
    report = yield
    given = getattr(item, "funcargs", {})
    people = given.get("people", {}) | ({"student": given["student"]} if "student" in given else {})
    if call.when == "call" and call.excinfo is not None:
        for name, visitor in people.items():
            visitor.shot(f"failed-{item.name}-{name}")
    return report
