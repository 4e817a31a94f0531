"""Plans: made once for everybody, they cross in one frame, and end as each check would by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.inside import wire
from autograder.judge import plans
from autograder.judge.grader import judge
from autograder.judge.suite import Suite, reference_subject
from autograder.results.result import Verdict
from autograder.sandbox import Sandbox
from autograder.student.links import SocketLink
from tests.judge.rooms import LIMITS, room_of
from tests.judge.test_suite import SOLUTION, subject, toy  # noqa: F401  (a fixture)

GRADER = '''
import numpy as np
import pytest
from autograder.checks import close, raises, right

@pytest.mark.task("double", points=10)
def test_one(student, draw):
    """Doubles one number."""
    right(student.double(draw.normal(1)), "The secret sentence")

@pytest.mark.task("double", points=20)
@pytest.mark.parametrize("n", [2, 3])
def test_values(student, draw, n):
    """Doubles."""
    right(student.double(draw.normal(n)))

@pytest.mark.task("double", points=20)
def test_both(student, draw):
    """Doubles twice."""
    x = draw.normal(5)
    close(student.double(x), 2 * x)
    close(student.double(2 * x), 4 * x)

@pytest.mark.task("back", points=30)
def test_one_after_the_other(student, draw):
    """Gradients of what was doubled last."""
    x = draw.normal(4)
    student.double(x)
    close(student.back(x), 2 * x)

@pytest.mark.task("back", points=20)
def test_look(student, draw):
    """Gradients, and the same once more where they are wrong."""
    x = draw.normal(6)
    if not np.allclose(student.back(x), 2 * x):
        close(student.back(x), 2 * x)
'''
NAMES = ["double", "back", "noise"]
PLANNED = 1 + 2 + 2 + 2  # steps


@pytest.fixture(scope="module")
def zygote() -> Iterator[Sandbox]:
    with Sandbox.start("none", "numpy", (), LIMITS) as found:
        yield found


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each crossing had."""
    found: list[int] = []
    frame, run = SocketLink.run_frame, SocketLink.run

    def counted_frame(self: SocketLink, data: bytes, steps: int, seconds: float) -> Any:
        found.append(steps)
        return frame(self, data, steps, seconds)

    def counted_run(self: SocketLink, scripts: Any, *args: Any) -> Any:
        found.append(sum(len(script.steps) for script in scripts))
        return run(self, scripts, *args)

    monkeypatch.setattr(SocketLink, "run_frame", counted_frame)
    monkeypatch.setattr(SocketLink, "run", counted_run)
    return found


@pytest.fixture
def suite(toy: Any) -> Suite:  # noqa: F811
    found: Suite = toy(GRADER, SOLUTION)
    found.limits = LIMITS
    return found


def ended(suite: Suite, zygote: Sandbox, source: str) -> dict[str, str]:
    """The verdict of each check on a submission."""
    with room_of(zygote, source, NAMES) as who:
        _, outcomes = judge(suite, who, 1)
    return {name: outcome.verdict.value for name, outcome in outcomes.items()}


def replaced(double: str = "    return 2 * x", back: str = "    return 2 * dout") -> str:
    return SOLUTION.replace("    return 2 * x", double).replace("    return 2 * dout", back)


ALL_PASSED = dict.fromkeys(
    ["test_one", "test_values", "test_both", "test_one_after_the_other", "test_look"], "PASSED"
)


# --- one crossing ---


def test_one_frame_for_all_that_is_planned(suite: Suite, zygote: Sandbox, crossings: list[int]) -> None:
    """And the check that looks follows by itself."""
    assert ended(suite, zygote, SOLUTION) == ALL_PASSED
    assert crossings == [PLANNED, 1]


def test_wrong_answers_fail_as_by_themselves(suite: Suite, zygote: Sandbox, crossings: list[int]) -> None:
    """Each check gets its own replies, and no further crossing is needed to say so."""
    assert ended(suite, zygote, replaced(double="    return 2 * x if len(x) != 3 else x")) == {
        **ALL_PASSED,
        "test_values": "FAILED",
    }
    assert crossings == [PLANNED, 1]


def test_exceptions_and_stubs_are_told_apart(suite: Suite, zygote: Sandbox) -> None:
    """An exception is one step's, and the steps of the others go on."""
    found = ended(suite, zygote, replaced("    raise KeyError('x')", "    raise NotImplementedError"))
    assert found["test_one"] == found["test_values"] == found["test_both"] == "ERROR"
    assert found["test_one_after_the_other"] == "BLOCKED"
    assert found["test_look"] == "MISSING"


def test_what_is_kept_from_call_to_call_is_not_disturbed(suite: Suite, zygote: Sandbox) -> None:
    """Honest code may keep its input in a global variable: no other check's call comes in between."""
    double = "    global last\n    last = x\n    return 2 * x"
    back = "    return 2 * dout if dout.shape == (6,) else 2 * last"
    assert ended(suite, zygote, replaced(double, back)) == ALL_PASSED


def test_a_look_goes_on_from_what_it_saw(suite: Suite, zygote: Sandbox, crossings: list[int]) -> None:
    """Both calls follow each other in the same process."""
    back = "    return dout if dout.shape == (6,) else 2 * dout"
    assert ended(suite, zygote, replaced(back=back)) == {**ALL_PASSED, "test_look": "FAILED"}
    assert crossings == [PLANNED, 1, 1]


def test_an_answer_that_the_next_call_overwrites_counts(suite: Suite, zygote: Sandbox) -> None:
    """Replies wait for each other, but as they were when they were given."""
    double = "    room[: x.size] = 2 * x\n    return room[: x.size]"
    assert ended(suite, zygote, "import numpy as np\nroom = np.zeros(9)\n" + replaced(double)) == ALL_PASSED


# --- ends ---


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("if x.shape == (3,): __import__('os')._exit(0)", "CRASHED"),
        ("while x.shape == (3,): pass", "TIMEOUT"),
    ],
)
def test_an_end_is_told_of_the_check_that_it_belongs_to(
    suite: Suite, zygote: Sandbox, end: str, verdict: str
) -> None:
    """All that was not answered is asked again, call by call, in a new process."""
    double = f"    {end}\n    return 2 * x"
    with room_of(zygote, replaced(double), NAMES) as who:
        checks, outcomes = judge(suite, who, 1)
    assert {c.id: c.verdict.value for c in checks} == {**ALL_PASSED, "test_values": verdict}
    assert outcomes["test_values"].reason.startswith("double: ")


def test_an_end_in_the_second_call_is_told_after_the_first(suite: Suite, zygote: Sandbox) -> None:
    """What was wrong before it counts; what was right before it does not hide it."""
    ending = (
        "    if x.shape == (5,):\n        ends.append(1)\n        if len(ends) > 1: __import__('os')._exit(0)"
    )
    for factor, verdict in (("2", "CRASHED"), ("3", "FAILED")):
        double = f"{ending}\n    return (2 if x.shape != (5,) else {factor}) * x"
        assert ended(suite, zygote, "ends = []\n" + replaced(double)) == {**ALL_PASSED, "test_both": verdict}


def test_a_process_that_always_ends_ends_no_other_task(suite: Suite, zygote: Sandbox) -> None:
    """Each check of the task is told so, and the other task keeps its points."""
    double = "    if x.shape != (4,): __import__('os')._exit(3)\n    return 2 * x"
    found = ended(suite, zygote, replaced(double))
    assert found == {
        **dict.fromkeys(["test_one", "test_values", "test_both"], "CRASHED"),
        "test_one_after_the_other": "PASSED",
        "test_look": "PASSED",
    }


@pytest.mark.parametrize(
    "forged",
    [
        '{"k": "value", "v": 1, "z": []}',
        '{"k": "some", "replies": [], "z": []}',
        '{"k": "some", "replies": 5, "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": 1}, -1]], "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": 1}, 1]], "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": {"a": [0, "float64", [9], null, 1]}}, 0]] , "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": {"p": [0, [], []]}}, 0]] , "z": []}',
        '{"k": "callback", "id": 1, "method": null, "a": [], "w": {}, "z": []}',
        '{"k": "some", "replies": [[{"k": "value", "v": 1}, 0]] , "z": []}',
        '{"k": "echo", "word": "0000000000000000", "z": []}',
    ],
)
@pytest.mark.parametrize("times", [1, 2, 50])
def test_a_forged_frame_spoils_nothing_of_others(
    suite: Suite, zygote: Sandbox, forged: str, times: int
) -> None:
    """What it says belongs to no check, or to the one whose call wrote it; nothing is BROKEN."""
    double = f"""
    if x.shape == (3,):
        import os, struct
        text = b'''{forged}'''
        text += b" " * (-len(text) % 8)
        os.write(3, (struct.pack(">II", len(text), 0) + text) * {times})
    return 2 * x"""
    # In this tier the connection's number is the same, too.
    found = ended(suite, zygote, replaced(double))
    assert found.pop("test_values") not in ("PASSED", "BROKEN")
    assert set(found.values()) == {"PASSED"}


# --- what a plan is ---


def frames_of(suite: Suite, paper: int = 1) -> list[plans.JointFrame]:
    return list(suite._plans_of(paper).frames(suite.cases))


def test_each_plan_made_twice_in_another_order_is_the_same(toy: Any) -> None:  # noqa: F811
    """Byte for byte: nothing of a clock, of another check or of a set's order is in it."""
    made = []
    for turn in (1, -1):
        suite = toy(GRADER, SOLUTION)
        for check, case in suite.cases[::turn]:
            suite.plan(check, case, 1)
        made.append(suite)
    one, other = made
    assert [each.frame for each in frames_of(one)] == [each.frame for each in frames_of(other)]
    for key in one.cases:
        left, right = one.plan(*key, 1), other.plan(*key, 1)
        assert (left.live, left.broken) == (right.live, right.broken)
        assert list(map(repr, left.notes.events)) == list(map(repr, right.notes.events))
        for mine, others in zip(left.notes.twins, right.notes.twins, strict=True):
            np.testing.assert_array_equal(mine, others)


def test_papers_differ(suite: Suite) -> None:
    """In their inputs, and in nothing else."""
    one, other = frames_of(suite, 1)[0], frames_of(suite, 2)[0]
    assert one.frame != other.frame
    assert len(one.frame) == len(other.frame)


def test_the_frame_says_nothing_about_judging(suite: Suite) -> None:
    """No check, paper, case, sentence or expectation: calls and their arguments are all there is."""
    (joint,) = frames_of(suite)
    for word in (b"test_", b"secret", b"right", b"close", b"paper", b"case", b"law", b"points", b"PASSED"):
        assert word not in joint.frame
    size = int.from_bytes(joint.frame[:4], "big")
    header = json.loads(joint.frame[8 : 8 + size])
    assert header.keys() == {"k", "scripts", "sources", "z"}
    for script in header["scripts"]:
        assert script.keys() == {"n", "s", "b"}
        for step in script["s"]:
            assert step.keys() <= {"k", "o", "a", "w", "n"}


def test_who_looks_has_no_plan(suite: Suite) -> None:
    """Nor does a check whose file catches exceptions; all others have one, case by case."""
    live = [key for key in suite.cases if suite.plan(*key, 1).live]
    assert live == [("test_look", 0)]
    assert ("test_values", 0) in suite.cases and ("test_values", 1) in suite.cases


def test_a_file_that_catches_exceptions_is_planned_nowhere(toy: Any, zygote: Sandbox) -> None:  # noqa: F811
    """Each of its calls crosses at once, so that the exception comes where it is caught."""
    caught = GRADER.replace(
        "    x = draw.normal(6)\n",
        "    x = draw.normal(6)\n    with pytest.raises(KeyError):\n        {}[1]\n",
    )
    suite = toy(caught, SOLUTION)
    assert all(suite.plan(*key, 1).live for key in suite.cases)
    assert ended(suite, zygote, SOLUTION) == ALL_PASSED
    assert ended(suite, zygote, replaced(double="    return 3 * x"))["test_both"] == "FAILED"


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        ("right(student.double(draw.nrmal(1)))", "AttributeError: 'Draw' object has no attribute 'nrmal'"),
        ("assert student.double(1)", "is no value yet: to ask whether it is true"),
        ("right(5)", r"right(...) is about a reply"),
        ("right(student.double('x' - 1))", "TypeError: unsupported operand"),
        (
            "close(student.double(bytearray(b'x')), 1)",
            "double(...): this kind of value cannot cross: a bytearray. Send numbers",
        ),
        ("right(student.nothing(1))", "the reference was not asked"),
        ("student.double(None)", "the reference raised TypeError in double"),
        ("right(student.double(None))", "the reference raised TypeError"),
    ],
)
def test_a_plan_that_cannot_be_made(toy: Any, check: str, broken: str) -> None:  # noqa: F811
    """The check is BROKEN for everybody, costs nobody a point, and staff learn why."""
    suite = toy(GRADER.replace('right(student.double(draw.normal(1)), "The secret sentence")', check))
    for who in (reference_subject(suite), subject(SOLUTION)):
        outcome = suite.run("test_one", who, 1)
        assert outcome.verdict is Verdict.BROKEN
        assert broken in outcome.notes[0]


def test_a_frame_has_an_end(toy: Any, zygote: Sandbox, crossings: list[int], monkeypatch: Any) -> None:  # noqa: F811
    """What is more than its size allows crosses in a further frame, and a check is never cut."""
    monkeypatch.setattr(plans, "MOST_BYTES", 100)
    suite = toy(GRADER, SOLUTION)
    found = frames_of(suite)
    assert sum(joint.steps for joint in found) == PLANNED
    assert len(found) > 2
    for joint in found:
        size = sum(plan.script.size for _, plan in joint.members if plan.script is not None)
        assert size <= 100 or len(joint.members) == 1
    assert ended(suite, zygote, SOLUTION) == ALL_PASSED
    assert crossings == [*(joint.steps for joint in found), 1]


def test_large_arrays_are_within_it() -> None:
    """One frame is at most what a process reads at once."""
    assert plans.MOST_BYTES <= 8 << 20 < wire.frames.MAX_HEADER + plans.MOST_BYTES
