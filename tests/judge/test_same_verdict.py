"""However a check is run (planned, noted and judged at its end, call by call), it ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.course import Course, Unit
from autograder.inside import wire
from autograder.judge.outcome import Outcome
from autograder.judge.plans import Plan, PlansOfPaper
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.sandbox import Sandbox
from autograder.student import framed
from autograder.student.subjects import LocalSubject
from tests.judge import programs
from tests.judge.programs import CHECKS, ENDS, RIGHT, SLIPS, SUBMISSIONS, Act, submission
from tests.judge.rooms import LIMITS, room_of

GRADER = '''
import pytest
from tests.judge import programs

@pytest.mark.task("double", points=100)
def test_it(student, rng):
    """Whatever was drawn."""
    programs.run(student, rng)
'''
WAYS = ("planned", "noted", "call by call")
ALIKE = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Suite]:
    """The same check, in each way to run it."""
    root = tmp_path_factory.mktemp("same")
    unit = Unit("same", "Same", due="2030-01-01T00:00+00:00", hours=1, root=root)
    for path, text in ((unit.grader, GRADER), (unit.reference, RIGHT)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    course = Course("same", "Same", units=(unit,), limits=LIMITS, root=root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "autograder.judge.suite.load_reference", lambda unit: _module(unit.reference.read_text())
        )
        return {way: Suite(course, unit, {name: name for name in programs.NAMES}) for way in WAYS}


def _module(text: str) -> Any:
    import types

    module = types.ModuleType("same")
    exec(compile(text, "reference", "exec"), module.__dict__)
    return module


def set_check(suites: dict[str, Suite], acts: list[Act]) -> None:
    """What ``test_it`` does from now on."""
    programs.PRESENT[:] = acts
    for way, suite in suites.items():
        suite._plans.clear()
        if way != "planned":
            suite._plans[1] = PlansOfPaper(lambda check, case: Plan())
        # A file that catches exceptions gets them where it calls, before ``raises`` can be said of them.
        suite._eager = way == "call by call" and not any(act.word == "refuse" for act in acts)


def told(outcome: Outcome) -> tuple[Verdict, str, str]:
    return outcome.verdict, outcome.reason, outcome.fault


def local(text: str) -> LocalSubject:
    namespace: dict[str, Any] = {"__name__": "student"}
    exec(compile(text, "cell 1", "exec"), namespace)
    return LocalSubject(namespace)


def all_ways(suites: dict[str, Suite], text: str) -> dict[str, tuple[Verdict, str, str]]:
    return {way: told(suite.run("test_it", local(text), 1)) for way, suite in suites.items()}


@ALIKE
@given(CHECKS, SUBMISSIONS)
@example([Act("call"), Act("right")], (SLIPS[1],))
@example([Act("rest"), Act("refuse"), Act("right")], (SLIPS[10],))
@example([Act("share"), Act("fill"), Act("fill"), Act("right", 1)], (SLIPS[26],))
def test_here(suites, acts, slips):
    """Verdict, reason and the call that is to blame are the same, and right code passes."""
    set_check(suites, acts)
    found = all_ways(suites, submission(slips))
    assert len(set(found.values())) == 1, found
    verdict, reason, _ = found["planned"]
    assert verdict is not Verdict.BROKEN, reason
    assert slips or verdict is Verdict.PASSED, reason


@ALIKE
@given(CHECKS)
def test_plans_are_the_same_each_time(suites, acts):
    """Byte for byte, in two suites, of which one has made another plan before."""
    set_check(suites, acts)
    frames = []
    for before in ((), (2, 3)):
        suite = suites["planned"]
        suite._plans.clear()
        for paper in before:
            suite.plan("test_it", 0, paper)
        plan = suite.plan("test_it", 0, 1)
        assert plan.script is not None, plan.broken
        frames.append((wire.frame_of(*framed([plan.script])), repr(plan.notes.events)))
    assert frames[0] == frames[1]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Sandbox]:
    with Sandbox.start("none", "numpy", (), LIMITS) as found:
        yield found


SOMETIMES = st.tuples(st.sampled_from(ENDS), SUBMISSIONS).map(lambda both: (both[0], *both[1]))


@settings(ALIKE, max_examples=12)
@given(CHECKS, SUBMISSIONS | SOMETIMES)
@example([Act("call"), Act("right"), Act("rest"), Act("right", 1)], (SLIPS[0], ENDS[2]))
@example([Act("call"), Act("rest"), Act("call"), Act("right")], (ENDS[2],))
@example([Act("call"), Act("call", 1), Act("call", 2), Act("box"), Act("right")], (ENDS[3],))
@example([Act("refuse"), Act("call"), Act("right")], (ENDS[0],))
def test_in_a_room(suites, zygote, acts, slips):
    """Also where the process ends: it is told of the call that it belongs to."""
    set_check(suites, acts)
    text = submission(slips)
    found = {}
    for way, suite in suites.items():
        with room_of(zygote, text, programs.NAMES) as who:
            known = suite.run_together(who, 1).get("test_it", {})
            found[way] = told(suite.run("test_it", who, 1, known=known))
    assert len(set(found.values())) == 1, found
    assert found["planned"][0] is not Verdict.BROKEN
    if not set(slips) & set(ENDS):
        assert all_ways(suites, text)["planned"][0] is found["planned"][0]


HARMLESS = {SLIPS[2], SLIPS[18], SLIPS[20], SLIPS[16], SLIPS[30]}  # where no check looks twice


def test_the_programs_see_what_they_should(suites):
    """Each slip is noticed by a check that uses its line, and all kinds of verdicts come of them."""
    looks = [
        Act("dtype"),
        Act("unpack"),
        *(Act("right", which, number) for which in range(9) for number in range(2)),
    ]
    checks = [
        [Act("share"), *(Act(word, which, number) for number in range(3)), Act("unpack", 1), *looks]
        for word in programs.WORDS
        for which in range(4)
    ]
    ended: dict[Any, set[Verdict]] = {slip: set() for slip in SLIPS}
    for acts in checks:
        set_check(suites, acts)
        for slip, found in ended.items():
            found.add(suites["planned"].run("test_it", local(submission((slip,))), 1).verdict)
    unnoticed = {slip for slip, found in ended.items() if found == {Verdict.PASSED}}
    assert unnoticed <= HARMLESS, unnoticed - HARMLESS
    assert set.union(*ended.values()) == {
        Verdict.PASSED, Verdict.FAILED, Verdict.ERROR, Verdict.MISSING, Verdict.BLOCKED
    }  # fmt: skip
