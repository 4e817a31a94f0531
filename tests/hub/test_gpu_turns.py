"""A real hub on a machine with one GPU: who waits reads their place, and is let in when it is their turn."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack

import pytest

from autograder.hub.gpus.book import GpuBook
from autograder.hub.people.departures import stop_server
from autograder.hub.process.options import hub_folder
from tests.hub.light import ONE_GPU, Person, light_hub

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture
def hub(tmp_path):
    with light_hub(tmp_path, ONE_GPU) as hub:
        yield hub


def test_one_gpu_for_three(hub):
    """In the order of asking, through a killed hub and a killed server; each sees the GPU or none."""
    with ExitStack() as stack:
        first, second, third, ta = (
            Person(hub, name, stack) for name in ("student-001", "student-002", "instructor", "ta-001")
        )
        ta.ask("small")
        first.ask("gpu")
        assert ta.waits_until_up()["CUDA_VISIBLE_DEVICES"] == ""
        shown = first.waits_until_up()
        assert (shown["CUDA_VISIBLE_DEVICES"], shown["CUDA_DEVICE_ORDER"]) == ("0", "PCI_BUS_ID")
        second.ask("gpu")
        second.reads("The GPU is taken: you are next.")
        hub.kill()
        hub.start()
        third.ask("gpu")
        third.reads("1 before you")
        second.ask("gpu")
        second.reads("you are next")
        assert first.is_up() and not second.is_up() and not third.is_up()
        os.kill(first.process(), signal.SIGKILL)
        assert second.waits_until_up()["CUDA_VISIBLE_DEVICES"] == "0" and not third.is_up()
        assert stop_server(hub.course, "student-002") == "Their server was stopped."
        assert stop_server(hub.course, "nobody") == "They have no server that runs."
        assert third.waits_until_up()["CUDA_VISIBLE_DEVICES"] == "0"
    book = GpuBook(hub_folder(hub.course) / "gpus.sqlite")
    assert [use.user for use in book.open_uses()] == ["instructor"]
    assert book.seconds("student-001", 0) > 0 and book.seconds("ta-001", 0) == 0
