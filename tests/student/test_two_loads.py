"""A submission that binds names anew has a process for each of the two meanings, and one budget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.course import Limits
from autograder.inside.wire import NameRef
from autograder.sandbox import Room, Sandbox
from autograder.student import Step
from autograder.student.session import Budget, Session
from autograder.student.subjects import RoomSubject

LIMITS = Limits(call_seconds=2, test_seconds=4, load_seconds=1, whole_seconds=6, memory_mib=256)
CELLS = ["def f(x):\n    return max(x, 1)", "max = 5", "def g(x):\n    return x"]
CHECKS = {"f": 1, "g": 3}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Sandbox]:
    with Sandbox.start("none", "numpy", (), LIMITS) as found:
        yield found


def opened(zygote: Sandbox, cells: list[str]) -> Room:
    listed = [{"id": None, "task": None, "source": text, "index": at} for at, text in enumerate(cells)]
    tasks = {"f": ["f"], "g": ["g"]}
    return zygote.open(
        {"cells": listed, "names": ["f", "g"], "tasks": tasks, "checks": CHECKS, "libraries": []}
    )


def answer(subject: RoomSubject, name: str, value: int) -> object:
    session = Session(subject.connect(), Budget(9, float("inf")), 2.0)
    (came,) = session.ask(0, [Step("call", NameRef(name), (value,), label=name)])
    return came.value


def test_each_task_is_asked_where_its_names_mean_what_they_did(zygote: Sandbox) -> None:
    """Two processes, which answer side by side; a task that is not affected has the first one."""
    with opened(zygote, CELLS) as room:
        subject = RoomSubject(room, LIMITS)
        f, g = subject.at("f"), subject.at("g")
        assert g is subject and f is not subject and f.at("g") is subject and subject.at("f") is f
        assert [answer(f, "f", 0), answer(g, "g", 7), answer(f, "f", 2)] == [1, 7, 2]
        subject.close()


def test_a_new_process_for_one_leaves_the_other(zygote: Sandbox) -> None:
    """``renew`` is of one check; ``close`` ends what is left of all."""
    counts = "heard = []\ndef g(x):\n    heard.append(x)\n    return len(heard)"
    with opened(zygote, [*CELLS[:2], counts]) as room:
        subject = RoomSubject(room, LIMITS)
        assert answer(subject.at("g"), "g", 0) == 1
        subject.at("f").renew()
        assert answer(subject.at("f"), "f", 0) == 1
        assert answer(subject.at("g"), "g", 0) == 2
        subject.close()
        assert answer(subject.at("g"), "g", 0) == 1
        subject.close()


def test_what_hangs_in_one_load_is_left_out_of_the_other(zygote: Sandbox) -> None:
    """Loading waits for an endless statement once."""
    cells = ["while True:\n    K = 1\ndef f(x):\n    return max(x, 1)\ndef k():\n    return K", "max = 5"]
    with opened(zygote, [*cells, "def g(x):\n    return (x, k)[0]\nf.k = k"]) as room:
        subject = RoomSubject(room, LIMITS)
        assert answer(subject.at("g"), "g", 7) == 7
        started = room._spawned
        assert answer(subject.at("f"), "f", 0) == 1
        assert room._spawned == started + 1, "the second load did not wait for the loop"
        assert "did not end within 1 s" in str(subject.at("f").missing("K"))
        subject.close()
