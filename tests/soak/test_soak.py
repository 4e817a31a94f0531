"""The soak, small: nothing is lost, doubled or left behind, whatever is killed, full, late or gone."""

import os

import pytest

from tests.needs import missing
from tests.postgres import postgres  # noqa: F401 - a fixture

from . import scenarios
from .scenarios import Scale

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.xdist_group("soak")]
SMALL = Scale(submissions=24, beside=16, kills=1, times=1, pause=(0.3, 1.5))


def test_the_exchange_killed(notebooks, tmp_path):
    """Service, worker, publisher and sandbox, each at a random moment: every receipt is graded once."""
    figures = scenarios.exchange_killed(notebooks, tmp_path, SMALL)
    assert figures["wrong"] == []
    assert figures["killed"] == dict.fromkeys(("service", "worker", "publisher", "sandbox"), 1)


def test_a_batch_killed(notebooks, tmp_path):
    """Command, worker and sandbox: the next run goes on where the one before was."""
    figures = scenarios.batch_killed(notebooks, tmp_path, SMALL)
    assert figures["wrong"] == []
    assert figures["runs"] > 1


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk(notebooks, tmp_path):
    """Students read that there is no room, and what has a receipt is graded once there is."""
    with scenarios.small_disk(tmp_path / "small") as folder:
        if folder is None:
            pytest.skip("mounting is not allowed here")
        figures = scenarios.full_disk(notebooks, folder, SMALL)
    assert figures["wrong"] == []


def test_a_clock_that_jumps(notebooks, tmp_path):
    """By hours and back by more than a day, with kills on the way."""
    library = scenarios.faketime() or missing("libfaketime: apt-get install libfaketime")
    figures = scenarios.clock_jumps(notebooks, tmp_path, SMALL, library)
    assert figures["wrong"] == []


def test_a_database_that_goes_away(notebooks, tmp_path, postgres):  # noqa: F811
    """PostgreSQL is stopped and started: what has no receipt is handed in again."""
    figures = scenarios.database_gone(notebooks, tmp_path, SMALL, postgres)
    assert figures["wrong"] == []
