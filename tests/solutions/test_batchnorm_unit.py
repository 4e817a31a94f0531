"""The files of the unit batchnorm against one another, and what bad answers are told."""

import ast
import inspect
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import batchnorm as reference
from tests.support import dear, failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("batchnorm")


def test_normalised_layers_learn_at_every_rate(notebook):
    """The notebook runs; nine layers read digits only with normalisation, at larger rates nearly all."""
    shares = notebook["shares"]
    assert max(shares["without"]) < 0.75 < 0.8 < min(shares["with"])
    assert min(shares["with"][1:]) > 0.92


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    for cell, after in pairwise(cells):
        if "plt.show()" in cell.source:
            assert after.source.startswith("<details><summary>Figure in words</summary>"), cell.source[:60]
        if cell.source.startswith("my_guess"):
            assert "my_guess" in "".join(each.source for each in cells[cells.index(cell) + 1 :][:3])
            assert cell.metadata.get("scratch"), "a student can write into it"


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if task.points}
    for number, cell in enumerate(cells):
        if cell.metadata.get("task") in core:
            above = "".join(each.source for each in cells[max(0, number - 2) : number])
            assert above.count("<summary>Hint") == 3, cell.metadata["task"]


def test_points():
    """The core makes 100 points, the bonus 20, and each task as many as designed."""
    points = points_by_task(read_criteria(UNIT.grader))
    assert {task.name: task.points for task in points if task.points} == {
        "batchnorm_forward": 30,
        "batchnorm_backward": 25,
        "batchnorm_dx": 10,
        "BatchNorm": 15,
        "layernorm": 15,
        "bug_hunt": 5,
    }
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
    """A mistake that the public check of its own task does not see costs at most 40 % of the task."""
    with np.errstate(all="ignore"):
        unseen = {
            name
            for name, mistake in catalogue.mistakes.items()
            if mistake.task not in failing(checks, {**notebook, **module_namespace(mistake.source, name)})
        }
    assert dear(UNIT, unseen) == set()


# --- bad answers ---


def told(suite, check, **names):
    """How a check ends on the reference with some names exchanged."""
    namespace = module_namespace(inspect.getsource(reference), "student")
    outcome = suite.run(check, LocalSubject({**namespace, **names}), 0)
    return outcome.verdict, outcome.reason


def tensor(out):
    """The output as a tensor."""
    import torch

    return torch.tensor(out)


def with_nan(out):
    """The output with one NaN."""
    out[0, 0] = np.nan
    return out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda out, *rest: None, "batchnorm_forward returned None; expected 4 values."),
        (lambda out, *rest: out, "returned a NumPy array of shape (6, 3); expected 4 values."),
        (lambda out, *rest: (out, rest[-1]), "batchnorm_forward returned 2 values; expected 4."),
        (lambda out, *rest: (rest[0], out, *rest[1:]), "expected (6, 3), got (3,)."),
        (lambda out, *rest: (out.tolist(), *rest), "expected a NumPy array of shape (6, 3)."),
        (lambda out, *rest: (out.astype(int), *rest), "out differs in"),
        (lambda out, *rest: (out.astype(np.float16), *rest), "out differs in"),
        (
            lambda out, *rest: (tensor(out), *rest),
            "is a torch tensor of shape (6, 3); expected a NumPy array",
        ),
        (lambda out, *rest: (with_nan(out), *rest), "out contains NaN or infinity in 1 of 18 values."),
    ],
    ids="none one two swapped list integers float16 tensor nan".split(),
)
def test_a_bad_answer_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""

    def batchnorm_forward(*args, **named):
        return change(*reference.batchnorm_forward(*args, **named))

    verdict, reason = told(suite, "test_normalises", batchnorm_forward=batchnorm_forward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda dx, *rest: None, "batchnorm_backward returned None; expected 3 values."),
        (lambda dx, *rest: dx, "batchnorm_backward returned a NumPy array"),
        (lambda dx, *rest: (rest[0], dx, rest[1]), "expected (6, 3), got (3,)."),
        (lambda dx, *rest: (dx * np.nan, *rest), "dx contains NaN or infinity in 18 of 18 values."),
        (lambda dx, *rest: (dx.tolist(), *rest), "expected a NumPy array of shape (6, 3)."),
    ],
    ids="none one swapped nan list".split(),
)
def test_a_bad_gradient_is_told(suite, change, sentence):
    """The same where a law looks at the answer."""

    def batchnorm_backward(dout, cache):
        return change(*reference.batchnorm_backward(dout, cache))

    verdict, reason = told(suite, "test_path_through_mean", batchnorm_backward=batchnorm_backward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("batchnorm_forward", "test_normalises"),
        ("batchnorm_backward", "test_dbeta"),
        ("batchnorm_dx", "test_closed_form"),
        ("BatchNorm", "test_starting_values"),
        ("layernorm_backward", "test_layernorm_sums"),
    ],
)
def test_a_changed_signature_is_told(suite, name, check):
    """A parameter too few is an error that names the function."""
    verdict, reason = told(suite, check, **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def test_values_that_are_right_keep_their_points(suite):
    """Who normalises in place, and returns x itself, has right values and loses the law alone."""

    def batchnorm_forward(x, *args, **named):
        out, *rest = reference.batchnorm_forward(x, *args, **named)
        x[...] = out
        return x, *rest

    checks = [mark.id for mark in suite.checks if mark.task == "batchnorm_forward"]
    lost = [c for c in checks if told(suite, c, batchnorm_forward=batchnorm_forward)[0] != Verdict.PASSED]
    assert lost == ["test_forward_float32"]


def test_a_wrong_forward_pass_is_charged_once(suite):
    """Who normalises with the unbiased variance loses no point of backward, nor of the layer."""

    def batchnorm_forward(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
        """The reference's xhat and 1 / std, times the root of the biased over the unbiased variance."""
        out, *kept, cache = reference.batchnorm_forward(x, gamma, beta, mean, var, training, momentum, eps)
        if not training:
            return out, *kept, cache
        n = x.size // x.shape[1]
        centred, istd, *rest = cache
        unbiased = (centred**2).sum(axis=(0, *range(2, x.ndim))) / (n - 1)
        shrunk = np.sqrt(1 / istd**2 / (unbiased + eps))
        column = (1, -1) + (1,) * (x.ndim - 2)
        out = (out - beta.reshape(column)) * shrunk.reshape(column) + beta.reshape(column)
        return out, *kept, (centred, istd * shrunk, *rest)

    lost = {
        mark.id
        for mark in suite.checks
        if told(suite, mark.id, batchnorm_forward=batchnorm_forward)[0] is not Verdict.PASSED
    }
    assert lost == {"test_normalises"}


BLIND, SHARP = np.array([1.0, -1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (blind, sharp)."),
        ((BLIND,), "bug_hunt must return (blind, sharp)."),
        ((BLIND[:, None], SHARP), "blind must have the shape (4,)."),
        ((BLIND, SHARP[:2]), "sharp must have the shape (4,)."),
        ((BLIND / 2, SHARP), "blind must hold whole numbers from -9 to 9."),
        ((BLIND, SHARP * np.nan), "sharp must hold whole numbers from -9 to 9."),
        ((np.full(4, 3.0), SHARP), "The four numbers of blind are all equal."),
        ((SHARP, SHARP), "blind: suspicious_backward is wrong for it."),
        ((BLIND, BLIND), "sharp: suspicious_backward is right for it."),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the two gradients has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_lists_and_whole_numbers_are_gradients_too(suite):
    """A hunt that found its gradients keeps its points, however it writes them."""
    assert (
        told(suite, "test_bug_hunt", bug_hunt=lambda: [BLIND.astype(int), SHARP.tolist()])[0]
        is Verdict.PASSED
    )
