"""The files of the unit gan against one another, and what bad answers are told."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import gan as reference
from tests.support import failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("gan")


def test_the_notebook_shows_what_it_says(notebook):
    """Forged numbers lie on real ones, all heaps are hit, and forged digits are as varied as real ones."""
    assert abs(notebook["forged"].mean() - 3) < 0.3
    assert notebook["modes"] == 8
    rows = notebook["rows"]
    forged, real = (rows[name].std(dim=0).mean() for name in ("120 rounds", "real"))
    assert 0.6 < forged / real < 1.4
    assert notebook["at_minus_8"] == {"generator_loss": -0.9997, "saturating": -0.0003}


def test_the_examples_by_hand(notebook):
    """The numbers of the text come out of the reference."""
    assert [round(loss.item(), 4) for loss in notebook["hand"]] == [0.5754, 1.3863]
    assert [loss.item() for loss in reference.lsgan_losses(torch.tensor(3.0), torch.tensor(4.0))] == [10, 4.5]


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


def test_no_check_looks_at_an_answer(suite):
    """All checks are planned: none asks a submission twice."""
    for mark in suite.checks:
        assert suite.run(mark.id, LocalSubject(suite.reference), 0).verdict is Verdict.PASSED, mark.id
    assert ".value" not in UNIT.grader.read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")  # float(loss) is right, too
def test_public_checks_pass_right_code(checks, notebook, catalogue):
    """Reference and variants pass every public check."""
    assert failing(checks, notebook) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, {**notebook, **module_namespace(variant.source, name)}) == set(), name


def test_public_checks_see_every_mistake(checks, notebook, catalogue):
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


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda loss: None, "discriminator_loss returned None; expected a torch tensor of shape ()."),
        (lambda loss: loss.item(), "discriminator_loss returned one number; expected a torch tensor"),
        (lambda loss: loss[None], "discriminator_loss returned the wrong shape: expected (), got"),
        (lambda loss: (loss, loss), "discriminator_loss returned a tuple of 2 values"),
        (lambda loss: loss.detach().numpy(), "discriminator_loss returned one number; expected"),
        (lambda loss: loss * math.nan, "The loss contains NaN or infinity"),
        (lambda loss: loss.half(), "The loss is wrong"),
    ],
    ids="none number axis tuple array nan float16".split(),
)
def test_a_bad_loss_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""

    def discriminator_loss(*logits):
        return change(reference.discriminator_loss(*logits))

    verdict, reason = told(suite, "test_d_value", discriminator_loss=discriminator_loss)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda pair: None, "train_step returned None; expected 2 values."),
        (lambda pair: pair[:1], "train_step returned 1 value; expected 2."),
        (lambda pair: pair[::-1], "d_loss is wrong"),
        (lambda pair: (*pair, 0.0), "train_step returned 3 values; expected 2."),
    ],
    ids="none one exchanged three".split(),
)
def test_a_bad_pair_is_told(suite, change, sentence):
    """The same for two losses."""

    def train_step(*args):
        return change(reference.train_step(*args))

    verdict, reason = told(suite, "test_losses", train_step=train_step)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize("kind", [list, tuple, torch.tensor])
def test_a_pair_of_another_type_keeps_its_points(suite, kind):
    """Right losses in a list, or as tensors, lose the point for floats at most."""

    def train_step(*args):
        d_loss, g_loss = reference.train_step(*args)
        return [d_loss, g_loss] if kind is list else tuple(map(torch.tensor, (d_loss, g_loss)))

    for check in ("test_losses", "test_order", "test_d_moves"):
        assert told(suite, check, train_step=train_step)[0] is Verdict.PASSED, check


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("sample_noise", "test_normal"),
        ("discriminator_loss", "test_d_means"),
        ("generator_loss", "test_g_value"),
        ("train_step", "test_d_moves"),
        ("mode_coverage", "test_modes"),
        ("train_gan", "test_pairs"),
    ],
)
def test_a_changed_signature_is_told(suite, name, check):
    """A parameter too few is an error that names the function."""
    verdict, reason = told(suite, check, **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def lost(suite, task, **names):
    """The checks of a task that are not passed."""
    ids = [mark.id for mark in suite.checks if mark.task == task]
    return {check for check in ids if told(suite, check, **names)[0] is not Verdict.PASSED}


def test_training_is_not_charged_for_the_losses(suite):
    """Wrong losses cost their own points alone."""

    def wrong(*logits):
        return sum(logit.sum() for logit in logits)

    names = {"discriminator_loss": wrong, "generator_loss": wrong}
    assert lost(suite, "train_step", **names) == lost(suite, "train_gan", **names) == set()


def test_training_is_charged_for_a_wrong_step_once(suite, catalogue):
    """Of train_gan, who never moves G loses what G should have learned."""
    names = module_namespace(catalogue.mistakes["generator_detached"].source, "student")
    assert lost(suite, "train_gan", **names) == {"test_learns"}


GOOD = torch.zeros(200, 2) + torch.tensor([2.0, 0.0])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (collapsed, scattered)."),
        ((GOOD,), "bug_hunt must return (collapsed, scattered)."),
        ((GOOD.numpy(), GOOD), "collapsed must be a tensor of shape (200, 2)."),
        ((GOOD, GOOD[:9]), "scattered must be a tensor of shape (200, 2)."),
        ((GOOD * math.nan, GOOD), "collapsed must be finite."),
        ((0 * GOOD, GOOD), "collapsed: its share is below 0.95."),
        ((GOOD, GOOD), "scattered: it has 1 modes, not all eight."),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the two sets has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason
