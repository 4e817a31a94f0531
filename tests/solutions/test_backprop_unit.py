"""The files of the unit backprop against one another, and what bad answers are told."""

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
from solutions import backprop as reference
from tests.support import dear, failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("backprop")


def test_notebook_trains_a_network_that_reads(notebook):
    """The notebook runs from top to bottom; the network of its end reads more than 95 % of unseen digits."""
    assert notebook["share"] > 0.95


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
            assert above.count("<summary>Hint") >= 3, cell.metadata["task"]


def test_points():
    """The core makes 100 points, the bonus 20."""
    points = points_by_task(read_criteria(UNIT.grader))
    assert sum(task.points for task in points) == 100
    assert sum(task.max_bonus for task in points) == 20


def test_judge_hunts_the_bug_that_is_given(cells):
    """What the judge asks of the tapes is the code that the notebook gives to students."""
    given = "".join(cell.source for cell in cells if cell.metadata.get("given"))
    assert "from solutions.backprop import hasty_backward, play, tapes_fit" in given
    grader = UNIT.grader.read_text(encoding="utf-8")
    assert "from solutions.backprop import tapes_fit" in grader
    assert "obeys(student.bug_hunt(), tapes_fit)" in grader


def test_hasty_backward_goes_depth_first():
    """It differs from backward on e tanh(e), where e is met early, and not on tanh(e) e."""
    for places, right in (((2, 3), False), ((3, 2), True)):
        tape = [("add", 0, 1), ("tanh", 2), ("mul", *places)]
        ours, hers = (reference.play(tape, f) for f in (reference.Value.backward, reference.hasty_backward))
        assert np.allclose(ours, hers) is right


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
    namespace = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    outcome = suite.run(check, LocalSubject({**namespace, **names}), 0)
    return outcome.verdict, outcome.reason


def returns(change):
    """linear_forward with another answer."""

    def linear_forward(x, w, b=None):
        return change(*reference.linear_forward(x, w, b))

    return linear_forward


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
        (lambda out, cache: None, "linear_forward returned None; expected 2 values."),
        (lambda out, cache: out, "linear_forward returned a NumPy array of shape (5, 4); expected 2 values."),
        (lambda out, cache: (out, cache, 1), "linear_forward returned 3 values; expected 2."),
        (lambda out, cache: (cache, out), "expected a NumPy array of shape (5, 4)."),
        (lambda out, cache: (out.tolist(), cache), "expected a NumPy array of shape (5, 4)."),
        (lambda out, cache: (out.T, cache), "expected (5, 4), got (4, 5)."),
        (lambda out, cache: (out > 0, cache), "is booleans (bool); expected real numbers (float64)."),
        (lambda out, cache: (out.astype(np.float16), cache), "out differs in"),
        (torch_out, "is a torch tensor of shape (5, 4); expected a NumPy array of shape (5, 4)."),
        (with_nan, "out contains NaN or infinity in 1 of 20 values."),
    ],
    ids="none one three swapped list transposed booleans float16 tensor nan".split(),
)
def test_a_bad_answer_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""
    verdict, reason = told(suite, "test_linear_out", linear_forward=returns(change))
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_a_changed_signature_is_told(suite):
    """A missing parameter is an error that names the function."""
    verdict, reason = told(suite, "test_linear_out", linear_forward=lambda x: None)
    assert verdict is Verdict.ERROR
    assert "linear_forward" in reason


def test_gradients_in_another_order_are_told(suite):
    """dw in the place of dx has another shape, and the sentence says which value it is."""

    def linear_backward(dout, cache):
        dx, dw, db = reference.linear_backward(dout, cache)
        return dw, dx, db

    verdict, reason = told(suite, "test_linear_dx", linear_backward=linear_backward)
    assert verdict is Verdict.FAILED
    assert "dx has the wrong shape" in reason


def test_values_that_are_right_keep_their_points(suite):
    """A ReLU that writes into its input, and returns it, has right values and loses the law alone."""

    def relu_forward(x, slope=0.0):
        kept = x.copy()
        x[x < 0] *= slope
        return x, (kept, slope)

    checks = [mark.id for mark in suite.checks if mark.task == "activations"]
    lost = [check for check in checks if told(suite, check, relu_forward=relu_forward)[0] != Verdict.PASSED]
    assert lost == ["test_activations_unchanged"]
    assert "was modified in place" in told(suite, lost[0], relu_forward=relu_forward)[1]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (blind, sharp)."),
        (([], [("mul", 0, 0)]), "blind must be a list of 1 to 8 steps."),
        (([("add", 0)], [("mul", 0, 0)]), 'blind: step 2 must be ("add", i, j)'),
        (([("mul", 0, 0)], [("add", 0, 2)]), "sharp: step 2 must use numbers from 0 to 1."),
        (([("mul", 0, 0)], 7), "sharp must be a list of 1 to 8 steps."),
        (([("mul", 0, 0)], [3]), 'sharp: step 2 must be ("add", i, j)'),
        (([("mul", 0, 0)], [(["add"], 0, 1)]), 'sharp: step 2 must be ("add", i, j)'),
        (([("mul", 0, 1)], [("mul", 0, 0)]), "In blind no value is used twice for the result."),
        (([("add", 0, 1), ("tanh", 2), ("mul", 2, 3)],) * 2, "blind: hasty_backward is wrong."),
        (([("mul", 0, 1), ("mul", 0, 0), ("tanh", 2)], [("mul", 0, 0)]), "In blind no value is used twice"),
        (([("mul", 0, 0)], [("mul", 0, 0)]), "sharp: hasty_backward is right."),
    ],
)
def test_a_tape_that_cannot_be_played_is_told(suite, answer, sentence):
    """Each rule for tapes has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_layers_are_not_charged_for_what_they_stand_on(suite):
    """With a wrong linear_backward and cross_entropy, only their own tasks lose points."""

    def linear_backward(dout, cache):
        dx, dw, db = reference.linear_backward(dout, cache)
        return 2 * dx, dw.T, db

    source = inspect.getsource(reference)
    names = module_namespace(source, "student")
    names["linear_backward"] = linear_backward
    names["cross_entropy"] = lambda logits, target: (0.0, np.zeros(logits.shape))
    lost = {
        mark.task
        for mark in suite.checks
        if suite.run(mark.id, LocalSubject(names), 0).verdict is not Verdict.PASSED
    }
    assert lost == {"linear", "cross_entropy"}
