"""What the tests of a unit's files start from; ``test_UNIT_unit.py`` says its ``UNIT``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.course import load_course
from autograder.judge.suite import Suite
from autograder.unit.mistakes.catalogue import load_catalogue, tasks_of_names
from tests.solutions.masters import cells_of, ran
from tests.support import ROOT, public_checks


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A notebook runs for some seconds, and once: whoever needs it has one process."""
    for item in items:
        unit = getattr(getattr(item, "module", None), "UNIT", None)
        if item.path.parent == Path(__file__).parent and unit and "notebook" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group(f"master-{unit.name}"))


@pytest.fixture(scope="module")
def cells(request: pytest.FixtureRequest) -> list[Any]:
    """The cells of the master notebook."""
    return cells_of(request.module.UNIT)


@pytest.fixture(scope="module")
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The names that the master notebook defines, run from top to bottom with the reference."""
    return ran(request.module.UNIT.name).names


@pytest.fixture(scope="module")
def suite(request: pytest.FixtureRequest) -> Suite:
    """The hidden checks, collected."""
    unit = request.module.UNIT
    return Suite(load_course(ROOT), unit, tasks_of_names(unit))


@pytest.fixture(scope="module")
def catalogue(request: pytest.FixtureRequest) -> Any:
    """The known mistakes and variants."""
    return load_catalogue(load_course(ROOT), request.module.UNIT)


@pytest.fixture(scope="module")
def checks(request: pytest.FixtureRequest) -> dict[str, list[Any]]:
    """The public checks of each task, as they are released."""
    return public_checks(request.module.UNIT.name)
