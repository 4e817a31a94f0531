"""Processes that keep what they are given: no right answer is ever among it, and nothing of it stays."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.course import Course, Unit, load_course
from autograder.judge.grader import judge
from autograder.judge.suite import Suite
from autograder.results.result import Verdict
from autograder.sandbox import Sandbox
from autograder.student.subjects import RoomSubject
from tests.attacks.spies import ALL_INPUTS, ASKED_AGAIN
from tests.judge.rooms import LIMITS, room_of

pytestmark = pytest.mark.sandbox
REFERENCE = """
import numpy as np

def layer(x):
    return cube(x) + 1

def cube(x):
    return x**3

def slope(x):
    return 3 * x**2
"""
GRADER = '''
import numpy as np
import pytest
from autograder.checks import close, right

@pytest.mark.task("layer", points=20, on=("cube",))
def test_layer(student, draw):
    """What stands on cube, judged before it."""
    right(student.layer(LAYER))

@pytest.mark.task("cube", points=50)
@pytest.mark.parametrize("n", [4, 4, 4])
def test_cube(student, draw, n):
    """Cubes."""
    right(student.cube(CUBE))

@pytest.mark.task("slope", points=30)
def test_slope(student, draw):
    """Slopes."""
    x = draw.normal(4)
    right(student.slope(x))
    right(student.slope(INPUT))
'''
NAMES = ["layer", "cube", "slope"]
FRESH = {"LAYER": "draw.normal(4)", "CUBE": "draw.normal(n)", "INPUT": "draw.normal(4)"}


@pytest.fixture(scope="module", params=["walled", "fenced"])
def zygote(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox.start(request.param, "numpy", (), LIMITS) as found:
        yield found


@pytest.fixture
def suite_of(tmp_path: Path) -> Callable[..., Suite]:
    """A suite whose checks give these inputs."""

    def made(**inputs: str) -> Suite:
        grader = GRADER
        for name, text in {**FRESH, **inputs}.items():
            grader = grader.replace(name, text)
        unit = Unit("kept", "Kept", due="2030-01-01T00:00+00:00", hours=1, root=tmp_path)
        config = "from autograder.course import Course, Unit\ncourse = Course('kept', 'Kept', units=(Unit("
        config += "'kept', 'Kept', due='2030-01-01T00:00+00:00', hours=1),))\n"
        for path, text in (
            (unit.grader, grader),
            (unit.reference, REFERENCE),
            (tmp_path / "course_config.py", config),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        course: Course = load_course(tmp_path)
        found = Suite(course, course.unit("kept"), {name: name for name in NAMES})
        found.limits = LIMITS
        return found

    return made


def earned(suite: Suite, zygote: Sandbox, source: str, paper: int = 1) -> dict[str, float]:
    """The points of each check."""
    with room_of(zygote, source, NAMES) as who:
        checks, _ = judge(suite, who, paper)
    assert not [check for check in checks if check.verdict is Verdict.BROKEN]
    return {check.id: check.earned for check in checks}


# --- answers from other inputs ---

# Each answers a call from what it was given in others; ``every`` is all that crossed in the frame.
STRATEGIES = {
    "the first": "every[0]",
    "the last": "every[-1]",
    "the next": "every[(at + 1) % len(every)]",
    "the one before": "every[at - 1]",
    "their sum": "np.sum(every, axis=0)",
    "what was answered before": "answered[-1] if answered else x",
    "the closest": "min((e for e in every if not np.array_equal(e, x)), key=lambda e: abs(e - x).sum())",
}
KEEPS = (
    """
import numpy as np
answered = []
"""
    + ALL_INPUTS
    + """
def cube(x):
    every = [each for each in _all_inputs() if each.size == x.size]
    at = next((i for i, each in enumerate(every) if np.array_equal(each, x)), 0)
    answered.append(np.array(STRATEGY))
    return answered[-1]
layer = slope = cube
"""
)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_answers_from_what_others_are_given(strategy: str, zygote: Sandbox, suite_of: Callable) -> None:
    """The inputs of all checks are there at once, and no answer of one is the input of another."""
    source = KEEPS.replace("STRATEGY", STRATEGIES[strategy])
    assert not any(earned(suite_of(), zygote, source).values())


def test_inputs_that_hold_an_answer_would_be_used(zygote: Sandbox, suite_of: Callable) -> None:
    """The control: where a check gives another one's answer away, the same code takes it."""
    leaky = suite_of(CUBE="(np.arange(4.0) + 1)", INPUT="(np.arange(4.0) + 1)**3")
    source = KEEPS.replace("STRATEGY", STRATEGIES["the last"])
    found = earned(leaky, zygote, source)
    assert found["test_cube"] == 50.0
    assert found["test_slope"] == 0.0


def test_papers_do_not_answer_each_other(zygote: Sandbox, suite_of: Callable) -> None:
    """What a student has kept of an attempt, right answers included, is worth nothing on another paper."""
    suite = suite_of()
    answers: dict[bytes, list[float]] = {}
    for key in suite.cases:
        notes = suite.plan(*key, 1).notes
        answers |= {
            step.args[0].tobytes(): list(map(float, twin))
            for step, twin in zip(notes.steps, notes.twins, strict=True)
        }
    source = f"""
import numpy as np
TABLE = {answers!r}
def cube(x):
    return np.array(TABLE.get(x.tobytes(), list(x)))
layer = slope = cube
"""
    assert set(earned(suite, zygote, source, paper=1).values()) == {20.0, 50.0, 30.0}, "the control"
    assert not any(earned(suite, zygote, source, paper=2).values())


# --- what a second try could leave behind ---

LEAVES = """
import json, os
import numpy as np
PLACES = ["table", "/tmp/table", "/dev/shm/table", "/var/tmp/table", "../table"]
MEMORY = {}

def _load():
    found = dict(MEMORY)
    for place in PLACES:
        try:
            with open(place) as file:
                found.update(json.load(file))
        except (OSError, ValueError):
            pass
    return found

def cube(x):
    key = repr(x.tolist())
    return np.array(_load().get(key, (0 * x).tolist()))

def layer(x):
    lent = globals()["cube"]
    if lent.__name__ == "lent":
        key = repr(x.tolist())
        MEMORY[key] = lent(x).tolist()
        for place in PLACES:
            try:
                with open(place, "w") as file:
                    json.dump(MEMORY, file)
            except OSError:
                pass
        return lent(x) + 1
    return 0 * x

def slope(x):
    return 0 * x
"""
SAME = {"LAYER": "(np.arange(4.0) + 2)", "CUBE": "(np.arange(4.0) + 2)"}


def one_by_one(suite: Suite, zygote: Sandbox) -> tuple[bool, bool]:
    """Whether layer and then cube pass, each check asked by itself, in this order."""
    with room_of(zygote, LEAVES, NAMES) as who:
        layer, cube = suite.run("test_layer", who, 1), suite.run("test_cube", who, 1)
    return layer.verdict is Verdict.PASSED, cube.verdict is Verdict.PASSED


def test_a_table_of_lent_answers_is_gone_with_its_process(zygote: Sandbox, suite_of: Callable) -> None:
    """The reference is lent to one process, which keeps nothing: not in files, and not in memory."""
    assert one_by_one(suite_of(**SAME), zygote) == (True, False)


def test_in_one_process_the_table_would_be_used(
    zygote: Sandbox, suite_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: where the second try goes on in the same process, the table is there for the next."""
    monkeypatch.setattr(RoomSubject, "renew", lambda self: None)
    assert one_by_one(suite_of(**SAME), zygote) == (True, True)


def test_the_lent_reference_answers_only_its_own_check(zygote: Sandbox, suite_of: Callable) -> None:
    """In a whole grading nothing of it earns a point for the function that was lent."""
    found = earned(suite_of(**SAME), zygote, LEAVES)
    assert found == {"test_layer": 20.0, "test_cube": 0.0, "test_slope": 0.0}


# --- the spies see what they say ---


def test_spies(zygote: Sandbox, suite_of: Callable) -> None:
    """The code of these attacks finds what it looks for: else they would prove nothing."""
    again = "import numpy as np\n" + ASKED_AGAIN
    again += "def slope(x):\n    return (2 if _asked_again() else 3) * x**2\nlayer = cube = slope\n"
    suite = suite_of()
    with room_of(zygote, again, NAMES) as who:
        outcome = suite.run("test_slope", who, 1)
    first, second = outcome.transcript
    assert (first.reply == first.expected).all()
    assert (second.reply * 1.5 == second.expected).all()
    counts = "import numpy as np\n" + ALL_INPUTS + "def slope(x):\n    return len(_all_inputs()) + 0 * x\n"
    with room_of(zygote, counts + "layer = cube = slope\n", NAMES) as who:
        known = suite.run_together(who, 1)
    assert known["test_slope"][0].transcript[0].reply[0] == 6  # every input of every planned check
