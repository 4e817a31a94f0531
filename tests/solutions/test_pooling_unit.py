"""The files of the unit pooling against one another, and what bad answers are told."""

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
from solutions import pooling as reference
from tests.support import dear, failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("pooling")


def test_pooling_helps_to_read_moved_digits(notebook):
    """The notebook runs; both networks read digits in place, and one pixel beside it pooling reads more."""
    bare, pooled = notebook["shares"].values()
    assert min(bare[3], pooled[3]) > 0.94
    assert min(pooled[2] - bare[2], pooled[4] - bare[4]) > 0.1


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
    names = suite.reference
    for mark in suite.checks:
        assert suite.run(mark.id, LocalSubject(names), 0).verdict is Verdict.PASSED, mark.id
    assert ".value" not in UNIT.grader.read_text(encoding="utf-8")


def test_public_checks_pass_right_code(checks, notebook, catalogue):
    """Reference and variants pass every public check."""
    assert failing(checks, notebook) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, {**notebook, **module_namespace(variant.source, name)}) == set(), name


def test_public_checks_see_every_mistake_that_is_dear(checks, notebook, catalogue):
    """A mistake that the public check of its own task does not see costs at most 40 % of the task."""
    unseen = {
        name
        for name, mistake in catalogue.mistakes.items()
        if mistake.task not in failing(checks, {**notebook, **module_namespace(mistake.source, name)})
    }
    assert dear(UNIT, unseen) == set()


# --- bad answers ---


def told(suite, check, **names):
    """How a check ends on the reference with some names exchanged."""
    namespace = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    outcome = suite.run(check, LocalSubject({**namespace, **names}), 0)
    return outcome.verdict, outcome.reason


def torch_out(out, cache):
    """The output as a tensor."""
    import torch

    return torch.tensor(out), cache


def with_nan(out, cache):
    """The output with one NaN."""
    out[0, 0, 0, 0] = np.nan
    return out, cache


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda out, cache: None, "max_pool2d_forward returned None; expected 2 values."),
        (lambda out, cache: out, "returned a NumPy array of shape (2, 3, 2, 2); expected 2 values."),
        (lambda out, cache: (out, cache, 1), "max_pool2d_forward returned 3 values; expected 2."),
        (lambda out, cache: (cache, out), "expected a NumPy array of shape (2, 3, 2, 2)."),
        (lambda out, cache: (out.tolist(), cache), "expected a NumPy array of shape (2, 3, 2, 2)."),
        (lambda out, cache: (out[0], cache), "expected (2, 3, 2, 2), got (3, 2, 2)."),
        (lambda out, cache: (out.astype(int), cache), "out differs in"),
        (lambda out, cache: (out.astype(np.float16), cache), "out differs in"),
        (torch_out, "is a torch tensor of shape (2, 3, 2, 2); expected a NumPy array"),
        (with_nan, "out contains NaN or infinity in 1 of 24 values."),
    ],
    ids="none one three swapped list picture integers float16 tensor nan".split(),
)
def test_a_bad_answer_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""

    def max_pool2d_forward(x, kernel_size, stride=None, padding=0):
        return change(*reference.max_pool2d_forward(x, kernel_size, stride, padding))

    verdict, reason = told(suite, "test_tiles", max_pool2d_forward=max_pool2d_forward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda dx: None, "max_pool2d_backward returned None; expected a NumPy array of shape (1, 1, 2, 2)."),
        (lambda dx: (dx,), "max_pool2d_backward returned a tuple"),
        (
            lambda dx: dx[0, 0],
            "max_pool2d_backward returned the wrong shape: expected (1, 1, 2, 2), got (2, 2).",
        ),
        (lambda dx: dx * np.nan, "dx contains NaN or infinity in 4 of 4 values."),
    ],
    ids="none tuple picture nan".split(),
)
def test_a_bad_gradient_is_told(suite, change, sentence):
    """The same for a function of one answer, where its value is compared and where a law looks at it."""

    def max_pool2d_backward(dout, cache):
        return change(reference.max_pool2d_backward(dout, cache))

    verdict, reason = told(suite, "test_one_window", max_pool2d_backward=max_pool2d_backward)
    assert verdict is Verdict.FAILED
    assert sentence in reason
    for law in ("test_ties_send_once", "test_nothing_is_lost"):
        assert told(suite, law, max_pool2d_backward=max_pool2d_backward)[0] is Verdict.FAILED


@pytest.mark.parametrize("name", ["max_pool2d_forward", "avg_pool2d_backward", "MaxPool2d"])
def test_a_changed_signature_is_told(suite, name):
    """A parameter too few is an error that names the function."""
    check = {"max_pool2d_forward": "test_tiles", "avg_pool2d_backward": "test_share"}.get(name)
    verdict, reason = told(suite, check or "test_layer_forward", **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def test_values_that_are_right_keep_their_points(suite):
    """Who pools in place, and returns a view of x, has right values and loses the law alone."""

    def max_pool2d_forward(x, kernel_size, stride=None, padding=0):
        out, cache = reference.max_pool2d_forward(x, kernel_size, stride, padding)
        if x.size < out.size:
            return out, cache
        x.reshape(-1)[: out.size] = out.ravel()
        return x.reshape(-1)[: out.size].reshape(out.shape), cache

    checks = [mark.id for mark in suite.checks if mark.task == "max_pool2d_forward"]
    lost = [c for c in checks if told(suite, c, max_pool2d_forward=max_pool2d_forward)[0] != Verdict.PASSED]
    assert lost == ["test_max_float32"]


def test_a_layer_is_not_charged_for_what_it_stands_on(suite):
    """With wrong functions below it, the layer keeps its points; so does backward with a forward of NaN."""
    names = module_namespace(inspect.getsource(reference), "student")
    right = names["max_pool2d_forward"]
    names["max_pool2d_backward"] = lambda dout, cache: dout
    names["max_pool2d_forward"] = lambda *args: (-right(*args)[0], right(*args)[1])
    lost = {
        mark.task
        for mark in suite.checks
        if suite.run(mark.id, LocalSubject(names), 0).verdict is not Verdict.PASSED
    }
    assert lost == {"max_pool2d_forward", "max_pool2d_backward"}


BLIND, SHARP = np.diag([0.0, 9.0]), np.zeros((2, 2))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (blind, sharp)."),
        ((BLIND,), "bug_hunt must return (blind, sharp)."),
        ((BLIND, SHARP[0]), "sharp must be (H, W), both even, at most 8."),
        ((np.zeros((3, 2)), SHARP), "blind must be (H, W), both even, at most 8."),
        ((np.zeros((0, 2)), SHARP), "blind must be (H, W)"),
        ((BLIND / 2, SHARP), "blind must hold whole numbers from 0 to 9."),
        ((BLIND, SHARP * np.nan), "sharp must hold whole numbers from 0 to 9."),
        ((np.array([[1.0, 2.0], [3.0, 4.0]]), SHARP), "No window of blind holds two equal pixels."),
        ((SHARP, SHARP), "blind is not blind"),
        ((BLIND, BLIND), "sharp is not sharp"),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the two pictures has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_lists_and_whole_numbers_are_pictures_too(suite):
    """A hunt that found its pictures keeps its points, however it writes them."""
    assert told(suite, "test_bug_hunt", bug_hunt=lambda: [BLIND.astype(int), SHARP > 0])[0] is Verdict.PASSED
