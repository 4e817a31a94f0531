"""``on=``: a check that fails is tried again with the reference in the place of what its task stands on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.base.errors import ConfigError
from autograder.judge import suite as suites
from autograder.judge.grader import judge
from autograder.judge.outcome import Outcome
from autograder.judge.suite import Suite, reference_subject
from autograder.results.result import Verdict
from autograder.sandbox import Sandbox
from autograder.student import session
from autograder.student.links import SocketLink
from autograder.student.subjects import LocalSubject
from tests.judge.rooms import LIMITS, room_of
from tests.judge.test_suite import toy  # noqa: F401  (a fixture)

SOLUTION = """
import numpy as np

def double(x):
    if np.asarray(x).size > 100: raise ValueError("large")
    return 2 * x

def back(dout):
    return double(dout) + 1

def noise(x):
    return x
"""
GRADER = '''
import pytest
from autograder.checks import right

@pytest.mark.task("double", points=30)
def test_double(student, draw):
    """Doubles."""
    right(student.double(draw.normal(3)))

@pytest.mark.task("back", points=40, on=("double",))
@pytest.mark.parametrize("n", [2, 4])
def test_back(student, draw, n):
    """Doubles and adds."""
    right(student.back(draw.normal(n)), "The sum")

@pytest.mark.task("back", points=10, on=("double",))
def test_look(student, draw):
    """The same, but the check looks at the value."""
    x = draw.normal(2)
    assert abs(student.back(x).value - 2 * x - 1).max() < 1e-9, "looked and wrong"

@pytest.mark.task("noise", points=20)
def test_last(student, draw):
    """What does not stand on double."""
    right(student.noise(draw.normal(2)))
'''
NAMES = ["double", "back", "noise"]
WRONG = [
    "return 3 * x",
    "return None",
    "raise KeyError",
    "raise NotImplementedError",
    "return np.zeros(7)",
    "return [x]",
]
PASSED = {"test_double": "PASSED", "test_back": "PASSED", "test_look": "PASSED", "test_last": "PASSED"}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Sandbox]:
    with Sandbox.start("none", "numpy", (), LIMITS) as found:
        yield found


@pytest.fixture
def suite(toy: Any) -> Suite:  # noqa: F811
    found: Suite = toy(GRADER, SOLUTION)
    found.limits = LIMITS
    return found


def source(double: str = "return 2 * x", back: str = "return double(dout) + 1", more: str = "") -> str:
    body = SOLUTION.replace('if np.asarray(x).size > 100: raise ValueError("large")\n    ', "")
    return body.replace("return 2 * x", double).replace("return double(dout) + 1", back) + more


def local(text: str) -> LocalSubject:
    namespace: dict[str, Any] = {}
    exec(compile(text, "cell 1", "exec"), namespace)
    return LocalSubject(namespace)


def outcomes(suite: Suite, who: Any, paper: int = 1) -> dict[str, Outcome]:
    return judge(suite, who, paper)[1]


def verdicts(found: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.verdict.value for name, outcome in found.items()}


@pytest.mark.parametrize("double", WRONG)
@pytest.mark.parametrize("boxed", [False, True])
def test_what_stands_on_a_wrong_function_keeps_its_points(
    suite: Suite, zygote: Sandbox, double: str, boxed: bool
) -> None:
    """Whatever is wrong below it, and whether its check is planned or looks."""
    if boxed:
        with room_of(zygote, source(double), NAMES) as who:
            found = verdicts(outcomes(suite, who))
    else:
        found = verdicts(outcomes(suite, local(source(double))))
    assert found.pop("test_double") != "PASSED"
    assert found == {name: "PASSED" for name in PASSED if name != "test_double"}


def test_a_function_that_is_not_there_at_all(suite: Suite, zygote: Sandbox) -> None:
    """The name is covered although the notebook does not define it."""
    with room_of(zygote, source().replace("def double", "def other"), NAMES) as who:
        found = verdicts(outcomes(suite, who))
    assert found == {**PASSED, "test_double": "MISSING"}


@pytest.mark.parametrize("back", ["return double(dout)", "return None", "raise KeyError", "return double"])
def test_what_is_wrong_itself_loses_them(suite: Suite, zygote: Sandbox, back: str) -> None:
    """With the reference below it is as wrong as before."""
    for double in ("return 2 * x", "return 3 * x"):
        with room_of(zygote, source(double, back), NAMES) as who:
            found = outcomes(suite, who)
        assert not {found["test_back"].verdict, found["test_look"].verdict} & {Verdict.PASSED}


def test_what_does_not_say_so_is_not_tried_again(suite: Suite) -> None:
    """Only a check with ``on=`` has a second try, and only with these names."""
    text = source("return 3 * x") + "\ndef noise(x):\n    return double(x) / 2\n"
    assert verdicts(outcomes(suite, local(text)))["test_last"] == "FAILED"


# --- nothing of it is told ---


def test_what_failed_is_told_of_the_first_try(suite: Suite, zygote: Sandbox) -> None:
    """Verdict, reason, transcript: else the second would be an oracle for what stands below."""
    text = source("return 3 * x", "return double(dout) + 7")
    without = Suite(suite.course, suite.unit, suite.task_of)
    without.limits = LIMITS
    without._stand_ins = lambda mark: {}  # type: ignore[method-assign]
    with room_of(zygote, text, NAMES) as who, room_of(zygote, text, NAMES) as other:
        found, plain = outcomes(suite, who), outcomes(without, other)
    for name in ("test_back", "test_look"):
        assert (found[name].verdict, found[name].reason) == (plain[name].verdict, plain[name].reason)
        assert found[name].verdict is Verdict.FAILED
    for mine, theirs in zip(found["test_back"].transcript, plain["test_back"].transcript, strict=True):
        np.testing.assert_array_equal(mine.reply, theirs.reply)


def test_what_passed_has_no_words(suite: Suite) -> None:
    """The transcript stays that of the first try, for staff; there is no reason."""
    found = outcomes(suite, local(source("return 3 * x")))["test_back"]
    assert (found.verdict, found.reason, found.notes) == (Verdict.PASSED, "", ())
    (call,) = found.transcript
    np.testing.assert_allclose(call.reply, 3 * call.args[0] + 1)


# --- in a process of its own ---


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """For each process, the numbers of steps that crossed to it."""
    from autograder.student.subjects import RoomSubject

    found: list[list[int]] = []
    spawn, frame, run = RoomSubject._spawn, SocketLink.run_frame, SocketLink.run

    def spawned(self: Any, *args: Any) -> Any:
        found.append([])
        return spawn(self, *args)

    def framed(self: Any, data: bytes, steps: int, seconds: float) -> Any:
        found[-1].append(steps)
        return frame(self, data, steps, seconds)

    def ran(self: Any, scripts: Any, *args: Any) -> Any:
        found[-1].append(sum(len(script.steps) for script in scripts))
        return run(self, scripts, *args)

    monkeypatch.setattr(RoomSubject, "_spawn", spawned)
    monkeypatch.setattr(SocketLink, "run_frame", framed)
    monkeypatch.setattr(SocketLink, "run", ran)
    return found


def test_each_second_try_has_a_process_of_its_own(
    suite: Suite, zygote: Sandbox, processes: list[list[int]]
) -> None:
    """It sees the inputs of that case alone, and what comes after it another one."""
    with room_of(zygote, source("return 3 * x"), NAMES) as who:
        assert verdicts(outcomes(suite, who)) == {**PASSED, "test_double": "FAILED"}
    # All planned steps; then for each case of test_back a new one; the look, in a process of its own,
    # then its second try.
    assert processes == [[4], [1], [1], [1], [1]]


def test_a_right_submission_has_one_process(
    suite: Suite, zygote: Sandbox, processes: list[list[int]]
) -> None:
    """Nothing is tried twice."""
    with room_of(zygote, source(), NAMES) as who:
        assert verdicts(outcomes(suite, who)) == PASSED
    assert processes == [[4, 1]]


REMEMBERS = """
seen = {}
def double(x):
    seen[np.asarray(x).tobytes()] = True
    return 3 * x
def back(dout):
    return (double(dout) + 1) if len(seen) < 1 else np.full(np.shape(dout), float(len(seen)))
"""


def test_what_a_process_saw_before_is_gone(suite: Suite, zygote: Sandbox) -> None:
    """Code that works only in a fresh process works in the second try, and only there."""
    with room_of(zygote, source(more=REMEMBERS), NAMES) as who:
        found = verdicts(outcomes(suite, who))
    assert found == {**PASSED, "test_double": "FAILED"}


def test_the_reference_s_own_namespace_stays_as_it_is(suite: Suite) -> None:
    """Where the check fails on the reference itself, too."""
    before = dict(suite.reference)
    broken = LocalSubject(suite.reference)
    suite._stand_ins = lambda mark: {"double": lambda x: 5 * x}  # type: ignore[method-assign]
    suite.reference["back"] = lambda dout: suite.reference["double"](dout) + 2
    assert suite.run("test_back", broken, 1).verdict is not Verdict.BROKEN
    assert suite.reference["double"] is before["double"]
    assert suite.run("test_double", reference_subject(suite), 1).verdict is Verdict.PASSED


# --- in bounds ---


HUGE = "np.zeros((40_000, 1)), np.zeros((1, 40_000))"
OUTER = SOLUTION + "\ndef outer(a, b):\n    return a * b\n"


@pytest.mark.parametrize(
    "back",
    [
        "return back(dout)",
        "while True: double(dout)",
        "[double(dout) for _ in range(10**6)]",
        "return double(np.zeros(1 << 26, np.int8))",
    ],
)
def test_calls_without_end_have_one(suite: Suite, zygote: Sandbox, back: str) -> None:
    """Recursion, more calls than are allowed and frames that are too large cost the check that makes them."""
    begun = time.monotonic()
    with room_of(zygote, source("return 3 * x", back), NAMES) as who:
        found = outcomes(suite, who)
    assert time.monotonic() - begun < 60
    assert found["test_back"].verdict not in (Verdict.PASSED, Verdict.BROKEN)
    assert found["test_last"].verdict is Verdict.PASSED


def test_the_judge_computes_no_giant(toy: Any, zygote: Sandbox, monkeypatch: Any) -> None:  # noqa: F811
    """Arguments of a forged call may be of any size; the judge is not the one who dies of it."""
    grader = GRADER.replace('on=("double",)', 'on=("double", "outer")').replace(
        'task("noise"', 'task("outer", points=1, bonus=True)\ndef test_outer(student):\n    """Outer."""\n'
        '    right(student.outer(1, 2))\n\n@pytest.mark.task("noise"'
    )  # fmt: skip
    monkeypatch.setattr(session, "LENT_MIB", 256)
    suite = toy(grader, OUTER)
    suite.limits = LIMITS
    caught = "try:\n        outer(" + HUGE + ")\n    except RuntimeError:\n        return double(dout) + 1"
    text = source("return 3 * x", caught) + "\ndef outer(a, b):\n    return [a]\n"
    with room_of(zygote, text, [*NAMES, "outer"]) as who:
        assert outcomes(suite, who)["test_back"].verdict is Verdict.PASSED
    text = source("return 3 * x", f"return outer({HUGE})") + "\ndef outer(a, b):\n    return [a]\n"
    with room_of(zygote, text, [*NAMES, "outer"]) as who:
        found = outcomes(suite, who)
    assert found["test_back"].verdict not in (Verdict.PASSED, Verdict.BROKEN)
    assert found["test_last"].verdict is Verdict.PASSED


def test_the_judge_s_own_time_is_the_check_s(toy: Any, zygote: Sandbox) -> None:  # noqa: F811
    """A call of the reference that takes too long is an end of the check, and no fault of ours."""
    slow = SOLUTION.replace("return 2 * x", "\n    while np.asarray(x).size == 1: pass\n    return 2 * x")
    suite = toy(GRADER, slow)
    suite.limits = LIMITS
    begun = time.monotonic()
    with room_of(zygote, source("return 3 * x", "return double(1.0)"), NAMES) as who:
        found = outcomes(suite, who)
    assert time.monotonic() - begun < 30
    assert found["test_back"].verdict not in (Verdict.PASSED, Verdict.BROKEN)
    assert found["test_last"].verdict is Verdict.PASSED


def test_what_the_reference_raises_can_be_caught(suite: Suite, zygote: Sandbox) -> None:
    """By its class; the message stays with the judge."""
    back = (
        "try:\n        double(np.zeros(200))\n    except ValueError as error:\n"
        "        return double(dout) + (str(error) == 'refused')"
    )
    with room_of(zygote, source("return 3 * x", back), NAMES) as who:
        assert verdicts(outcomes(suite, who))["test_back"] == "PASSED"


LATE = """
import threading, time
def later(call):
    def run():
        time.sleep(0.05)
        while True:
            try: call(np.ones(2))
            except BaseException: pass
    threading.Thread(target=run, daemon=True).start()
"""


@pytest.mark.parametrize(
    "back", ["later(double)\n    return double(dout) + 1", "later(double)\n    return 0"]
)
def test_calls_after_the_check(suite: Suite, zygote: Sandbox, back: str) -> None:
    """What is kept of a stand-in calls into nothing: the process ends with the check."""
    with room_of(zygote, LATE + source("return 3 * x", back), NAMES) as who:
        found = verdicts(outcomes(suite, who))
    assert found["test_last"] == "PASSED"
    assert "BROKEN" not in found.values()


def test_what_is_no_value_comes_as_an_object_without_anything(suite: Suite, zygote: Sandbox) -> None:
    """The reference may be given whatever the student likes; there is nothing to call on it."""
    more = (
        "\nclass Evil:\n    def __rmul__(self, other): raise SystemExit\n    __mul__ = __array__ = __rmul__\n"
    )
    text = source("return 3 * x", "return double(Evil())", more)
    with room_of(zygote, text, NAMES) as who:
        found = verdicts(outcomes(suite, who))
    assert found["test_back"] not in ("PASSED", "BROKEN")
    assert found["test_last"] == "PASSED"


@pytest.mark.parametrize("name", ["doubel", "np", "SIZE"])
def test_a_name_that_no_task_defines(toy: Any, name: str) -> None:  # noqa: F811
    """The error names the file, the check and what was expected."""
    text = SOLUTION + "\nSIZE = 3\n"
    with pytest.raises(ConfigError, match=rf"test_back stands on '{name}', expected the name of a function"):
        toy(GRADER.replace('on=("double",)', f'on=("{name}",)'), text)


def test_both_tries_are_within_the_verdicts_that_count() -> None:
    """Neither an end of the process nor a fault of ours is tried again."""
    assert set(suites.STANDS_ON_OTHERS).isdisjoint(
        {Verdict.TIMEOUT, Verdict.CRASHED, Verdict.MEMORY, Verdict.BROKEN, Verdict.PASSED}
    )
