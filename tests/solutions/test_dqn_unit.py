"""The files of the unit dqn against one another, and what bad answers are told."""

import re
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import dqn as reference
from tests.support import failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("dqn")


@pytest.mark.slow
def test_the_notebook_shows_what_it_says(notebook):
    """Ends that are forgotten hardly change behaviour; the target network helps; digits are told apart."""
    assert notebook["exact"][0].max() == pytest.approx(0.386, abs=0.001)
    assert notebook["worse"] == 1
    assert (notebook["endless"] - notebook["exact"])[0].max() > 5
    tables, exact, live = notebook["tables"], notebook["exact"], ~notebook["terminal"]
    off = {name: abs(q - exact)[live].max() for name, (q, _) in tables.items()}
    assert off["epsilon 1 to 0.1"] < 0.3 < 0.9 < off["greedy"]
    assert notebook["bias"]["single"][3] > 1.4
    assert max(map(abs, notebook["bias"]["double"])) < 0.1
    ends = notebook["ends"]
    assert ends[20] < 0.03 < ends[1] < 0.4 < ends[300]
    assert notebook["scores"][-1] > 0.85


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    for cell, after in pairwise(cells):
        if "plt.show()" in cell.source and "def show" not in cell.source:
            assert after.source.startswith("<details><summary>Figure in words</summary>"), cell.source[:60]
        if cell.source.startswith("my_guess"):
            assert "my_guess" in after.source
            assert cell.metadata.get("scratch"), "a student can write into it"


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if not task.bonus}
    for number, cell in enumerate(cells):
        if cell.metadata.get("task") in core:
            above = "".join(each.source for each in cells[max(0, number - 2) : number])
            assert above.count("<summary>Hint") == 3, cell.metadata["task"]


def test_points():
    """The core makes 100 points, the bonus 20."""
    points = points_by_task(read_criteria(UNIT.grader))
    assert sum(task.points for task in points) == 100
    assert sum(task.max_bonus for task in points) == 20


def test_judge_hunts_the_bug_that_is_given(cells):
    """What the judge asks of the worlds is the code that the notebook gives to students."""
    given = "".join(cell.source for cell in cells if cell.metadata.get("given"))
    assert "from solutions.dqn import endless_iteration, worlds_fit" in given
    assert "obeys(student.bug_hunt(), worlds_fit)" in UNIT.grader.read_text(encoding="utf-8")


def test_endless_iteration_knows_no_ends():
    """It is value iteration of a world without ends, whatever ends it is told of."""
    rng = np.random.default_rng(0)
    for S in (2, 4, 6):
        world = rng.integers(S, size=(S, 2)), rng.uniform(-10, 10, (S, 2))
        hers = reference.endless_iteration(*world, np.arange(S) == S - 1, 0.9)
        np.testing.assert_allclose(reference.value_iteration(*world, [False] * S, 0.9), hers, atol=1e-6)


def test_no_check_looks_at_an_answer(suite):
    """All checks are planned: none asks a submission twice."""
    for mark in suite.checks:
        assert suite.run(mark.id, LocalSubject(suite.reference), 0).verdict is Verdict.PASSED, mark.id
    assert not re.search(r"\.value\b", UNIT.grader.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_public_checks_see_every_mistake(checks, suite, catalogue):
    """Reference and variants pass every public check; that of its own task sees each mistake."""
    names = dict(suite.reference)
    assert failing(checks, names) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, {**names, **module_namespace(variant.source, name)}) == set(), name
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "indexing with dtype torch.uint8", UserWarning)  # said once at most
        unseen = {
            name
            for name, mistake in catalogue.mistakes.items()
            if mistake.task not in failing(checks, {**names, **module_namespace(mistake.source, name)})
        }
    assert unseen == set()


# --- what learn is judged by ---


@pytest.mark.parametrize("seed", range(3))
def test_right_code_learns_the_world_exactly(seed):
    """In other worlds with other weights, too, values after 600 learns are far nearer than the margin."""
    grader, options = {}, {"lr": 0.01, "period": 20}
    exec(UNIT.grader.read_text(encoding="utf-8"), grader)
    agent, same = (
        grader["make_agent"](reference.DQNAgent, np.random.default_rng(seed), 56, options) for _ in range(2)
    )
    s, a, r, s2, ends = (
        np.concatenate(part) for part in zip(*(same.buffer.sample(32) for _ in range(600)), strict=True)
    )
    for _ in range(600):
        agent.learn()
    came, q = agent.online(torch.eye(16, dtype=torch.float64)).detach().numpy(), np.zeros((16, 4))
    for _ in range(500):
        q[s.argmax(axis=1), a] = r + 0.9 * ~ends * q[s2.argmax(axis=1)].mean(axis=1)
    assert abs(came - q)[:14].max() < 0.03


# --- bad answers ---


def told(suite, check, **names):
    """How a check ends on the reference with some names exchanged."""
    outcome = suite.run(check, LocalSubject({**suite.reference, **names}), 0)
    return outcome.verdict, outcome.reason


BAD_TARGETS = {
    "none": (lambda y: None, "dqn_targets returned None; expected a torch tensor of shape (8,)"),
    "pair": (lambda y: (y, y), "dqn_targets returned a tuple"),
    "list": (lambda y: y.tolist(), "dqn_targets returned a list"),
    "array": (lambda y: y.numpy(), "returned a NumPy array of shape (8,); expected a torch tensor"),
    "column": (lambda y: y[:, None], "expected (8,), got (8, ...)."),
    "nan": (lambda y: y * np.nan, "The target contains NaN or infinity in 8 of 8"),
    "half": (lambda y: y.half(), "The target differs in"),
}


@pytest.mark.parametrize("kind", BAD_TARGETS)
def test_a_bad_target_is_told(suite, kind):
    """Who returns something of another kind reads what came and what was expected."""
    change, sentence = BAD_TARGETS[kind]
    verdict, reason = told(
        suite, "test_best_follows", dqn_targets=lambda *args: change(reference.dqn_targets(*args))
    )
    assert verdict is Verdict.FAILED
    assert sentence in reason


BAD_SAMPLES = {
    "none": (lambda parts: None, "ReplayBuffer.sample returned None; expected 5 values."),
    "four": (lambda parts: parts[:4], "ReplayBuffer.sample returned 4 values; expected 5."),
    "order": (lambda parts: (parts[0], *parts[2:4], parts[1], parts[4]), "a is wrong"),
    "lists": (
        lambda parts: [part.tolist() for part in parts],
        "s is an object of type list; expected a NumPy array",
    ),
    "view": (lambda parts: [part[:, None] for part in parts], "s has the wrong shape"),
}


@pytest.mark.parametrize("kind", BAD_SAMPLES)
def test_a_bad_sample_is_told(suite, kind):
    """The same for five answers."""
    change, sentence = BAD_SAMPLES[kind]

    class ReplayBuffer(reference.ReplayBuffer):
        def sample(self, n):
            return change(super().sample(n))

    check = "test_kinds"
    verdict, reason = told(suite, check, ReplayBuffer=ReplayBuffer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("value_iteration", "test_small_world"),
        ("q_update", "test_moves_by_alpha"),
        ("epsilon_greedy", "test_greedy"),
        ("dqn_targets", "test_best_follows"),
        ("dqn_loss", "test_near"),
        ("update_target", "test_mixes"),
        ("DQNAgent", "test_parameters"),
    ],
)
def test_a_changed_signature_is_told(suite, name, check):
    """A parameter too few is an error that names the function."""
    verdict, reason = told(suite, check, **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def test_learn_is_not_charged_for_other_tasks(suite):
    """With wrong targets, a wrong loss and a wrong update learn keeps all of its points."""
    wrong = {name: lambda *args: None for name in ("dqn_targets", "dqn_loss", "update_target")}
    source = UNIT.reference.read_text(encoding="utf-8")
    names = module_namespace(source, "student")
    names.update(wrong)
    for mark in suite.checks:
        if mark.task == "learn":
            assert suite.run(mark.id, LocalSubject(names), 0).verdict is Verdict.PASSED, mark.id


@pytest.mark.parametrize("seed", range(10))
def test_chance_condemns_nobody(suite, seed):
    """Other draws of right code pass all checks that look at chance."""
    own = np.random.default_rng(seed)

    def epsilon_greedy(q, epsilon, rng):
        return reference.epsilon_greedy(q, epsilon, own)

    class ReplayBuffer(reference.ReplayBuffer):
        def __init__(self, capacity, *, rng):
            super().__init__(capacity, rng=own)

    names = {"epsilon_greedy": epsilon_greedy, "ReplayBuffer": ReplayBuffer}
    for check in ("test_any_action", "test_newest_alike", "test_copies", "test_rows"):
        verdict, reason = told(suite, check, **names)
        assert verdict is Verdict.PASSED, (check, reason)


BLIND, SHARP = reference.bug_hunt()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (blind, sharp)."),
        ((BLIND,), "bug_hunt must return (blind, sharp)."),
        ((BLIND[:2], SHARP), "blind is not a world of three arrays."),
        ((BLIND, (SHARP[0], SHARP[1], np.array([False]))), "sharp has the wrong shapes"),
        (
            (BLIND, (SHARP[0], SHARP[1], np.array([0, 1]))),
            "sharp: terminal holds bools, and state 0 is no end.",
        ),
        ((BLIND, (SHARP[0] + 1, *SHARP[1:])), "sharp: next_state must hold states."),
        (((BLIND[0], BLIND[1] * np.nan, BLIND[2]), SHARP), "blind: rewards lie between -10 and 10."),
        (((BLIND[0], 0 * BLIND[1], BLIND[2]), SHARP), "blind: her values of state 0 are right."),
        ((SHARP, SHARP), "blind: one move is wrong."),
        ((BLIND, BLIND), "sharp: her action in state 0 is right."),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the two worlds has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_a_hunt_of_lists_is_taken(suite):
    """Worlds as lists of plain numbers will do, also with more states."""
    blind = [[[1, 2], [1, 1], [2, 2]], [[1.0, 0.5], [1.0, 1.0], [0.0, 0.0]], [False, True, True]]
    sharp = [[[1, 2], [1, 1], [2, 2]], [[1.0, 1.8], [1.0, 1.0], [0.0, 0.0]], [False, True, True]]
    assert told(suite, "test_bug_hunt", bug_hunt=lambda: (blind, sharp))[0] is Verdict.PASSED
