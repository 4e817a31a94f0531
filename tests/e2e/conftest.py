"""A hub with a class, and a real browser beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.people import Visitor
from tests.hub.support import ROOT, RunningHub

SHOTS = ROOT / "tests" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser; on CI it has to be there."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        assert not os.environ.get("CI"), "CI needs a browser: apt-get install chromium"
        pytest.skip("no chromium on this machine")
    return found


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """``course hub`` in a folder of its own."""
    with RunningHub(tmp_path_factory.mktemp("e2e") / "course") as hub:
        yield hub


@pytest.fixture(scope="session")
def people(hub: RunningHub, chromium: str) -> Iterator[dict[str, Visitor]]:
    """Everybody on the roster, each with a browser profile of their own."""
    from playwright.sync_api import sync_playwright

    SHOTS.mkdir(exist_ok=True)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield {name: Visitor(browser, hub, name, SHOTS) for name in hub.passwords}
        browser.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One hub for all of them: the same worker, in the order of the files."""
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("e2e"))
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where a test fails, keep what everybody sees."""
    report = yield
    people = getattr(item, "funcargs", {}).get("people", {})
    if call.when == "call" and call.excinfo is not None:
        for name, visitor in people.items():
            visitor.shot(f"failed-{item.name}-{name}")
    return report
