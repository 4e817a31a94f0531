"""When somebody who waits for a GPU starts at the latest: from the ends of those before."""

from __future__ import annotations

import pytest

from autograder.hub.gpus.book import Use
from autograder.hub.gpus.expected import latest_start
from autograder.hub.gpus.taking_turns import waiting

NOW = 1000.0
HOUR = 3600.0


def held(place: int, until: float | None, gpus: int = 1) -> Use:
    """A server that runs, and ends so many hours from now."""
    seconds = None if until is None else until * HOUR
    return Use(place, "", "", gpus, 0, 0, NOW, NOW, None, "", seconds)


def asked(place: int, hours: float | None = 1.0, gpus: int = 1) -> Use:
    """Somebody who waits for that long a server."""
    return Use(place, "", "", gpus, 0, 0, None, None, None, "", None if hours is None else hours * HOUR)


@pytest.mark.parametrize(
    ("uses", "place", "hours"),
    [
        ([held(1, 3), held(2, 2), asked(3)], 3, 2),  # the first that ends
        ([held(1, 3), held(2, 2), asked(3, hours=4), asked(4)], 4, 3),
        ([held(1, 3), held(2, 2), asked(3, hours=0.5), asked(4)], 4, 2.5),  # who is before is through by then
        ([held(1, 3), held(2, 2), asked(3, gpus=2), asked(4)], 4, 4),  # nobody overtakes
        ([held(1, 3), held(2, 2), asked(3), asked(4)], 3, 2),  # who comes later does not count
        ([held(1, None), held(2, None), asked(3)], 3, None),
        ([held(1, None), held(2, 2), asked(3, hours=None), asked(4)], 4, None),
        ([held(1, 2), asked(2)], 2, 0),
    ],
)
def test_the_latest_start(uses, place, hours):
    """On two devices, first come, first served."""
    latest = latest_start(uses, 2, place, NOW)
    assert (latest if latest is None else (latest - NOW) / HOUR) == hours


def test_in_words():
    """Place and latest start, where it is known, and that the place is kept."""
    assert waiting(0, 1, 90).startswith(
        "The GPU is taken: you are next. Your server starts in about 2 hours at the latest."
    )
    assert (
        waiting(2, 8)
        == "All 8 GPUs are taken: 2 before you. Your place is kept, also when you close this page."
    )
