"""Trials run by ``make test-infra`` alone; what they measured goes into the proof."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect them, unless ``-m infra`` asks for them."""
    if config.getoption("markexpr") == "infra":
        return
    trials = [item for item in items if item.get_closest_marker("infra")]
    config.hook.pytest_deselected(items=trials)
    items[:] = [item for item in items if item not in trials]
