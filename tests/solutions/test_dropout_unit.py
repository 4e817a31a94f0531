"""The files of the unit dropout against one another, and what bad answers are told."""

import ast
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import dropout as reference
from tests.support import failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("dropout")


def test_the_notebook_shows_what_it_says(notebook):
    """Wrong labels are learned by heart, dropout helps on other digits, and the band is widest in the gap."""
    own, others, noisy = notebook["scores"].values()
    assert own[0] == 1
    assert others[2] > others[0] + 0.02
    assert others[0] == noisy[0]
    assert others[3] > noisy[3] + 0.1
    assert abs(notebook["grid"][notebook["std"].argmax(), 0]) < 1
    assert notebook["still"].max() < 1e-12


def test_the_example_by_hand_is_drawn(notebook):
    """With the seed of the notebook the second of four entries is dropped."""
    np.testing.assert_allclose(notebook["hand_out"], [5, 0, 15, 20])


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    for cell, after in pairwise(cells):
        if "plt.show()" in cell.source:
            assert after.source.startswith("<details><summary>Figure in words</summary>"), cell.source[:60]
        if cell.source.startswith("my_guess"):
            assert "my_guess" in after.source
            assert cell.metadata.get("scratch"), "a student can write into it"


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if not task.bonus}
    for number, cell in enumerate(cells):
        if cell.metadata.get("task") in core:
            above = "".join(each.source for each in cells[max(0, number - 3) : number])
            assert above.count("<summary>Hint") == 3, cell.metadata["task"]


def test_points():
    """The core makes 100 points, the bonus 20."""
    points = points_by_task(read_criteria(UNIT.grader))
    assert sum(task.points for task in points) == 100
    assert sum(task.max_bonus for task in points) == 20


def test_judge_hunts_the_same_bug():
    """The wrong code that the judge runs is the notebook's, statement by statement."""
    bodies = [
        [ast.dump(statement) for statement in node.body[1:]]
        for text in (UNIT.master.read_text(encoding="utf-8"), UNIT.grader.read_text(encoding="utf-8"))
        for node in ast.parse(text).body
        if getattr(node, "name", "") == "suspicious_backward"
    ]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_no_check_looks_at_an_answer(suite):
    """All checks are planned: none asks a submission twice."""
    for mark in suite.checks:
        assert suite.run(mark.id, LocalSubject(suite.reference), 0).verdict is Verdict.PASSED, mark.id
    assert ".value" not in UNIT.grader.read_text(encoding="utf-8")


def test_public_checks_pass_right_code(checks, notebook, catalogue):
    """Reference and variants pass every public check."""
    assert failing(checks, notebook) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, {**notebook, **module_namespace(variant.source, name)}) == set(), name


def test_public_checks_see_every_mistake_that_is_dear(checks, notebook, catalogue):
    """The public check of its own task sees each mistake."""
    unseen = {
        name
        for name, mistake in catalogue.mistakes.items()
        if mistake.task not in failing(checks, {**notebook, **module_namespace(mistake.source, name)})
    }
    assert unseen == set()


# --- bad answers ---


def told(suite, check, paper=0, **names):
    """How a check ends on the reference with some names exchanged."""
    namespace = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    outcome = suite.run(check, LocalSubject({**namespace, **names}), paper)
    return outcome.verdict, outcome.reason


def torch_out(out, cache):
    """The output as a tensor."""
    import torch

    return torch.tensor(out), cache


def with_nan(out, cache):
    """The output with one NaN."""
    out[0, 0] = np.nan
    return out, cache


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda out, cache: None, "dropout_forward returned None; expected 2 values."),
        (lambda out, cache: out, "returned a NumPy array of shape (2, 60); expected 2 values."),
        (lambda out, cache: (out, cache, 1), "dropout_forward returned 3 values; expected 2."),
        (lambda out, cache: ({}, out), "expected a NumPy array of shape (2, 60)."),
        (lambda out, cache: (out.tolist(), cache), "expected a NumPy array of shape (2, 60)."),
        (lambda out, cache: (out[0], cache), "expected (2, 60), got (60,)."),
        (lambda out, cache: (out.astype(int), cache), "What was kept differs in"),
        (lambda out, cache: (out.astype(np.float16), cache), "What was kept differs in"),
        (torch_out, "is a torch tensor of shape (2, 60); expected a NumPy array"),
        (with_nan, "What was kept contains NaN or infinity in 1 of"),
    ],
    ids="none one three dict list row integers float16 tensor nan".split(),
)
def test_a_bad_answer_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""

    def dropout_forward(x, p, training, rng):
        return change(*reference.dropout_forward(x, p, training, rng))

    verdict, reason = told(suite, "test_kept", dropout_forward=dropout_forward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda dx: None, "dropout_backward returned None; expected a NumPy array of shape (2, 60)."),
        (lambda dx: (dx,), "dropout_backward returned a tuple"),
        (lambda dx: dx[0], "dropout_backward returned the wrong shape: expected (2, 60), got (60,)."),
        (lambda dx: dx * np.nan, "dx where x was dropped contains NaN or infinity in "),
    ],
    ids="none tuple row nan".split(),
)
def test_a_bad_gradient_is_told(suite, change, sentence):
    """The same for a function of one answer."""

    def dropout_backward(dout, cache):
        return change(reference.dropout_backward(dout, cache))

    verdict, reason = told(suite, "test_sent_back", dropout_backward=dropout_backward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("dropout_forward", "test_share"),
        ("dropout_backward", "test_zeros"),
        ("Dropout", "test_layer_begins"),
        ("accuracy", "test_share_of_right_answers"),
        ("mc_dropout_predict", "test_mean"),
    ],
)
def test_a_changed_signature_is_told(suite, name, check):
    """A parameter too few is an error that names the function."""
    verdict, reason = told(suite, check, **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def test_backward_is_not_charged_for_forward(suite):
    """Who forgets the scale, and drops in evaluation, keeps the points of a backward that fits."""

    def dropout_forward(x, p, training, rng):
        keep = reference.dropout_forward(np.ones_like(x), p, True, rng)[0] > 0
        return x * keep, keep

    names = {"dropout_forward": dropout_forward, "dropout_backward": lambda dout, keep: dout * keep}
    lost = {m.id for m in suite.checks if told(suite, m.id, **names)[0] is not Verdict.PASSED}
    assert {"test_kept", "test_evaluation"} <= lost
    assert not lost & {mark.id for mark in suite.checks if mark.task == "dropout_backward"}


@pytest.mark.parametrize("seed", range(40))
def test_chance_condemns_nobody(suite, seed):
    """Other draws of right code pass all checks that look at chance."""

    def dropout_forward(x, p, training, rng):
        other = np.random.default_rng((seed, *rng.integers(2**31, size=2 * training)))
        return reference.dropout_forward(x, p, training, other)

    for (
        check
    ) in "test_kept test_share test_scattered test_new_mask test_only_rng test_sent_back test_zeros".split():
        verdict, reason = told(suite, check, dropout_forward=dropout_forward)
        assert verdict is Verdict.PASSED, (check, reason)


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_a_share_beside_p_is_seen(suite, p):
    """Six standard deviations are less than 0.04: who drops so many more is told."""
    assert 6 * math.sqrt(p * (1 - p) / 8000) < 0.04

    def dropout_forward(x, p, training, rng):
        keep = rng.random(x.shape) >= p + 0.08 * (p > 0)
        return x * keep / (1 - p), None

    verdict, reason = told(suite, "test_share", dropout_forward=dropout_forward)
    assert verdict is Verdict.FAILED
    assert "The share of what was dropped is far from what chance allows" in reason


BLIND, SHARP = np.array([1.0, 2.0]), np.array([0.0, 1.0])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (blind, sharp)."),
        ((BLIND,), "bug_hunt must return (blind, sharp)."),
        ((BLIND, SHARP[None]), "sharp must be 1-D, with 2 to 16 numbers."),
        ((BLIND[:1], SHARP), "blind must be 1-D, with 2 to 16 numbers."),
        ((BLIND / 4, SHARP), "blind must hold whole numbers from -9 to 9."),
        ((BLIND, SHARP * np.nan), "sharp must hold whole numbers from -9 to 9."),
        ((np.ones(3), SHARP), "The numbers of blind are all equal."),
        ((SHARP, SHARP), "blind is not blind"),
        ((BLIND, BLIND), "sharp is not sharp"),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the two inputs has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize("place", range(16))
def test_a_zero_is_sharp_anywhere(suite, place):
    """Each entry is kept by one of the masks; lists of whole numbers will do."""
    sharp = [1 + number % 2 for number in range(16)]
    sharp[place] = 0
    assert told(suite, "test_bug_hunt", bug_hunt=lambda: [[-1, 2], sharp])[0] is Verdict.PASSED
