"""Checks that ask only once ask in one crossing, and end as they would by themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course import Limits
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.sandbox import Zygote
from autograder.student.links import SocketLink
from autograder.student.subjects import RoomSubject
from tests.judge.test_suite import SOLUTION, toy  # noqa: F401  (a fixture)

LIMITS = Limits(call_seconds=2, test_seconds=4, load_seconds=6, whole_seconds=6, memory_mib=256)
GRADER = '''
import numpy as np
import pytest
from autograder.compare import assert_close
from solutions import toy as reference

def twice(double, x):
    """Two calls in one crossing."""
    x += 1
    return [double(x), double(2 * x)]

@pytest.mark.task("double", points=10)
def test_one(student, draw):
    """Doubles one number."""
    x = draw.normal(1)
    assert_close(student.double(x), 2 * x)

@pytest.mark.task("double", points=20)
@pytest.mark.parametrize("n", [2, 3])
def test_values(student, draw, n):
    """Doubles."""
    x = draw.normal(n)
    assert_close(student.double(x), 2 * x)

@pytest.mark.task("double", points=20)
def test_both(student, draw):
    """Doubles twice."""
    came, right = student.both(twice, student.double, draw.normal(5))
    for mine, other in zip(came, right, strict=True):
        assert_close(mine, other)

@pytest.mark.task("back", points=30)
def test_one_after_the_other(student, draw):
    """Gradients of what was doubled last."""
    x = draw.normal(4)
    student.double(x)
    assert_close(student.back(x), 2 * x)

@pytest.mark.task("back", points=20)
def test_another_look(student, draw):
    """Gradients, and the same once more where they are wrong."""
    x = draw.normal(6)
    if not np.allclose(student.back(x), 2 * x):
        assert_close(student.back(x), 2 * x)
'''
TOGETHER = ["test_one", "test_values", "test_values", "test_both", "test_another_look"]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote.start("none", "numpy", (), LIMITS) as found:
        yield found


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests each crossing had."""
    found: list[int] = []
    many, one = SocketLink.request_many, SocketLink.request

    def counted_many(self: SocketLink, requests: Any, seconds: float) -> Any:
        found.append(len(requests))
        return many(self, requests, seconds)

    def counted_one(self: SocketLink, *args: Any) -> Any:
        found.append(1)
        return one(self, *args)

    monkeypatch.setattr(SocketLink, "request_many", counted_many)
    monkeypatch.setattr(SocketLink, "request", counted_one)
    return found


@pytest.fixture
def suite(toy: Any) -> Suite:  # noqa: F811
    found: Suite = toy(GRADER, SOLUTION)
    found.limits = LIMITS
    return found


def ended(suite: Suite, zygote: Zygote, source: str) -> dict[str, str]:
    """The verdict of each check on a submission."""
    cells = [{"id": "cell", "task": None, "source": textwrap.dedent(source), "index": 0}]
    names = ["double", "back", "noise"]
    program = {"cells": cells, "tasks": {}, "names": names, "libraries": ["numpy"]}
    with zygote.open(program) as room:
        subject = RoomSubject(room, LIMITS)
        try:
            _, outcomes = judge(suite, subject, dict.fromkeys(suite.marks, 1))
        finally:
            subject.close()
    return {name: outcome.verdict.value for name, outcome in outcomes.items()}


def replaced(double: str = "    return 2 * x", back: str = "    return 2 * dout") -> str:
    return SOLUTION.replace("    return 2 * x", double).replace("    return 2 * dout", back)


ALL_PASSED = dict.fromkeys(["test_one", "test_values", "test_both", "test_another_look"], "PASSED") | {
    "test_one_after_the_other": "PASSED"
}


def test_one_frame_for_all_that_ask_once(suite: Suite, zygote: Zygote, crossings: list[int]) -> None:
    """And the check that asks twice follows by itself."""
    assert ended(suite, zygote, SOLUTION) == ALL_PASSED
    assert crossings == [len(TOGETHER), 1, 1]


def test_wrong_answers_fail_as_by_themselves(suite: Suite, zygote: Zygote) -> None:
    """Each check gets its own reply."""
    assert ended(suite, zygote, replaced(double="    return 2 * x if len(x) != 3 else x")) == {
        **ALL_PASSED,
        "test_values": "FAILED",
    }


def test_exceptions_and_stubs_are_told_apart(suite: Suite, zygote: Zygote) -> None:
    """An error reply is one check's, too."""
    found = ended(suite, zygote, replaced("    raise KeyError('x')", "    raise NotImplementedError"))
    assert found["test_one"] == found["test_values"] == found["test_both"] == "ERROR"
    assert found["test_another_look"] == "MISSING"


def test_what_is_kept_from_call_to_call_is_not_disturbed(suite: Suite, zygote: Zygote) -> None:
    """Honest code may keep its input in a global variable: no other check's call comes in between."""
    double = "    global last\n    last = x\n    return 2 * x"
    back = "    return 2 * dout if dout.shape == (6,) else 2 * last"
    assert ended(suite, zygote, replaced(double, back)) == ALL_PASSED


def test_a_second_request_makes_the_check_run_by_itself(
    suite: Suite, zygote: Zygote, crossings: list[int]
) -> None:
    """Its first reply is not used: both calls follow each other."""
    back = "    return dout if dout.shape == (6,) else 2 * dout"
    assert ended(suite, zygote, replaced(back=back)) == {**ALL_PASSED, "test_another_look": "FAILED"}
    assert crossings == [len(TOGETHER), 1, 1, 1, 1]


def test_an_answer_that_is_overwritten_by_the_next_call_counts(suite: Suite, zygote: Zygote) -> None:
    """Replies wait for each other, but as they were when they were given."""
    double = "    room[: x.size] = 2 * x\n    return room[: x.size]"
    found = ended(suite, zygote, "import numpy as np\nroom = np.zeros(9)\n" + replaced(double))
    assert found == {**ALL_PASSED, "test_both": "FAILED"}  # there the second call overwrites the first's


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("if x.shape == (3,): __import__('os')._exit(0)", "CRASHED"),
        ("while x.shape == (3,): pass", "TIMEOUT"),
    ],
)
def test_an_end_is_told_of_the_check_that_it_belongs_to(
    suite: Suite, zygote: Zygote, end: str, verdict: str
) -> None:
    """All that was not answered is asked again in a new process."""
    double = f"    {end}\n    return 2 * x"
    assert ended(suite, zygote, replaced(double)) == {**ALL_PASSED, "test_values": verdict}


@pytest.mark.parametrize(
    "forged",
    [
        '{"k": "value", "v": 1, "z": []}',
        '{"k": "some", "replies": [], "z": []}',
        '{"k": "some", "replies": 5, "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": 1}, -1]], "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": 1}, 1]], "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": {"a": [0, "float64", [9], null, 1]}}, 0]] , "z": []}',
    ],
)
def test_a_forged_frame_spoils_nothing_of_others(suite: Suite, zygote: Zygote, forged: str) -> None:
    """What it says belongs to no check, or to the one whose call wrote it; nothing is BROKEN."""
    double = f"""
    if x.shape == (3,):
        import os, struct
        text = b'''{forged}'''
        text += b" " * (-len(text) % 8)
        os.write({{}}, struct.pack(">II", len(text), 0) + text)
    return 2 * x"""
    # In this tier the connection's number is the same, too.
    found = ended(suite, zygote, replaced(double.replace("{}", "3")))
    assert Verdict.BROKEN.value not in found.values()
    assert found["test_another_look"] == "PASSED"


def test_both_gives_each_side_its_own_inputs(suite: Suite) -> None:
    """The shipped function changes its input in place; neither side sees the other's change."""
    from autograder.judge.suite import reference_subject

    for mirrored in (True, False):
        for unrolled in (True, False):
            outcome = suite.run(
                "test_both", reference_subject(suite), 1, mirrored=mirrored, unrolled=unrolled
            )
            assert outcome.verdict is Verdict.PASSED, (mirrored, unrolled, outcome)
