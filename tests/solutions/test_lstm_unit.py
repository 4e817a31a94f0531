"""The files of the unit lstm against one another, and what bad answers are told."""

import ast
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_course
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import lstm as reference
from tests.support import failing

COURSE = load_course(Path(__file__).parents[2])
UNIT = COURSE.unit("lstm")


def test_the_notebook_shows_what_its_text_says(notebook):
    """The first bit is recalled, gradients have the sizes of the text, and new names become known ones."""
    _, p, *_ = notebook["latch"].read(2.0 * notebook["bits"][..., None] - 1)
    assert (p[:, -1].argmax(axis=1) == notebook["bits"][:, 0]).mean() > 0.95
    assert notebook["elman_reach"](0.5)[-1] < 1e-8
    assert 0.1 < notebook["elman_reach"](1.0)[-1] < notebook["elman_reach"](1.5)[-1] < 20
    assert notebook["lstm_reach"](0.0)[-1] < 1e-7
    assert notebook["lstm_reach"](4.0)[-1] > 0.5
    assert len(notebook["elements"]) == 118
    assert notebook["losses"][0] == pytest.approx(np.log(27), abs=0.1)
    assert notebook["losses"][-1] < 0.7
    assert len(notebook["new"]) < 10, "after 200 steps it knows the list by heart"


def test_words_of_ones_own_are_read(cells, notebook):
    """The cell behind my_words takes whatever is in it, in small letters from a to z."""
    cell = next(cell for cell in cells if cell.source.startswith("elements ="))
    names = {**notebook, "my_words": ["Früh am Morgen", "spät"]}
    exec(cell.source, names)
    assert names["names"] == ["frhammorgen", "spt"]
    assert names["counts"].sum(axis=1).tolist() == [12, 4]


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    for cell, after in pairwise(cells):
        if "plt.show()" in cell.source:
            text = cells[cells.index(cell) + 1].source
            assert text.startswith("<details><summary>Figure in words</summary>"), cell.source[:60]
        if cell.source.startswith("my_guess"):
            assert "my_guess" in "".join(each.source for each in cells[cells.index(cell) + 1 :][:3])
            assert cell.metadata.get("scratch"), "a student can write into it"
            assert after.cell_type == "code"


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if not task.bonus}
    for number, cell in enumerate(cells):
        if cell.metadata.get("task") in core:
            text = next(each for each in cells[number::-1] if each.cell_type == "markdown")
            assert text.source.count("<summary>Hint") == 3, cell.metadata["task"]


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


def test_public_checks_see_every_mistake(checks, notebook, catalogue):
    """The public check of its own task sees each known mistake."""
    unseen = {
        name
        for name, mistake in catalogue.mistakes.items()
        if mistake.task not in failing(checks, {**notebook, **module_namespace(mistake.source, name)})
    }
    assert unseen == set()


# --- one mistake, one price ---


def lost(suite, names):
    """The checks that a namespace does not pass."""
    student = LocalSubject(names)
    return {mark.id for mark in suite.checks if suite.run(mark.id, student, 0).verdict is not Verdict.PASSED}


def test_another_order_of_the_gates_is_charged_once(suite, catalogue):
    """Whoever has the gates in another order, on both ways, fails the check of the order alone."""
    figo = UNIT.reference.read_text(encoding="utf-8")
    for right, wrong in (
        ("i, f, g, o = np.split", "f, i, g, o = np.split"),
        ("[di, df, dg,", "[df, di, dg,"),
    ):
        assert right in figo
        figo = figo.replace(right, wrong)
    for source in (catalogue.mistakes["order_ifog"].source, figo):
        assert lost(suite, module_namespace(source, "student")) == {"test_order"}


def test_a_sequence_is_not_charged_for_its_cell(suite):
    """With a wrong cell below them, lstm_forward and lstm_backward keep their points."""
    names = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    right = names["lstm_cell_forward"]

    def lstm_cell_forward(x, h, c, w_ih, w_hh, b):
        h_next, c_next, cache = right(x, h, c, w_ih, w_hh, b)
        return 2 * h_next, c_next + 1, cache

    names["lstm_cell_forward"] = lstm_cell_forward
    failed = lost(suite, names)
    tasks = {mark.task for mark in suite.checks if mark.id in failed}
    assert tasks == {"lstm_cell_forward", "lstm_cell_backward"}


# --- bad answers ---


def told(suite, check, **names):
    """How a check ends on the reference with some names exchanged."""
    namespace = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    outcome = suite.run(check, LocalSubject({**namespace, **names}), 0)
    return outcome.verdict, outcome.reason


def torch_h(h_next, c_next, cache):
    """c_next as a tensor."""
    import torch

    return h_next, torch.tensor(c_next), cache


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda h, c, cache: None, "lstm_cell_forward returned None; expected 3 values."),
        (lambda h, c, cache: (h, c), "lstm_cell_forward returned 2 values; expected 3."),
        (lambda h, c, cache: (h, cache, c), "expected a NumPy array of shape (3, 5)."),
        (lambda h, c, cache: (c, h, cache), "c_next differs in"),
        (lambda h, c, cache: (h, c.tolist(), cache), "expected a NumPy array of shape (3, 5)."),
        (lambda h, c, cache: (h, c[0], cache), "expected (3, 5), got (5,)."),
        (lambda h, c, cache: (h, c.astype(np.float16), cache), "c_next differs in"),
        (torch_h, "is a torch tensor of shape (3, 5); expected a NumPy array"),
        (lambda h, c, cache: (h, c * np.nan, cache), "c_next contains NaN or infinity in 15 of 15 values."),
    ],
    ids="none two swapped exchanged list row float16 tensor nan".split(),
)
def test_a_bad_answer_is_told(suite, change, sentence):
    """Who returns something of another kind reads what came and what was expected."""

    def lstm_cell_forward(x, h, c, w_ih, w_hh, b):
        return change(*reference.lstm_cell_forward(x, h, c, w_ih, w_hh, b))

    verdict, reason = told(suite, "test_c", lstm_cell_forward=lstm_cell_forward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda *grads: None, "lstm_cell_backward returned None; expected 6 values."),
        (lambda *grads: grads[:5], "lstm_cell_backward returned 5 values; expected 6."),
        (lambda dx, dh, dc, *rest: (dx, dh, dc[0], *rest), "expected (1, 5), got (5,)."),
        (lambda dx, dh, dc, *rest: (dx, dh, dc * np.nan, *rest), "dc"),
        (lambda dx, dh, dc, *rest: (dx, dh, None, *rest), "expected a NumPy array of shape (1, 5)."),
    ],
    ids="none five row nan nothing".split(),
)
def test_a_bad_gradient_is_told(suite, change, sentence):
    """The same where a law looks at the gradient."""

    def lstm_cell_backward(dh_next, dc_next, cache):
        return change(*reference.lstm_cell_backward(dh_next, dc_next, cache))

    verdict, reason = told(suite, "test_dc", lstm_cell_backward=lstm_cell_backward)
    assert verdict is Verdict.FAILED
    assert sentence in reason


@pytest.mark.parametrize(
    ("name", "check"),
    [("rnn_forward", "test_rnn_steps"), ("lstm_forward", "test_out"), ("clip_gradients", "test_one_factor")],
)
def test_a_changed_signature_is_told(suite, name, check):
    """A parameter too few is an error that names the function."""
    verdict, reason = told(suite, check, **{name: lambda: None})
    assert verdict is Verdict.ERROR
    assert name in reason


def test_values_that_are_right_keep_their_points(suite):
    """Who writes into h0 has right values, and loses the law alone."""

    def rnn_forward(x, h0, w_ih, w_hh, b):
        out, cache = reference.rnn_forward(x, h0.copy(), w_ih, w_hh, b)
        h0[...] = out[:, -1]
        return out, cache

    names = module_namespace(UNIT.reference.read_text(encoding="utf-8"), "student")
    assert lost(suite, {**names, "rnn_forward": rnn_forward}) == {"test_rnn_derivative"}


X, BLIND, SHARP = np.ones(3), np.array([0.0, -60.0, 0.0, 0.0]), np.zeros(4)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "bug_hunt must return (x, blind_b, sharp_b)."),
        ((X, BLIND), "bug_hunt must return (x, blind_b, sharp_b)."),
        ((X[:2], BLIND, SHARP), "x must have the shape (T,)"),
        ((X * np.nan, BLIND, SHARP), "x must have the shape (T,)"),
        ((X[:, None], BLIND, SHARP), "x must have the shape (T,)"),
        ((X, BLIND[:3], SHARP), "blind_b must be 4 numbers from -100 to 100."),
        ((X, BLIND, SHARP + 101), "sharp_b must be 4 numbers from -100 to 100."),
        ((X, np.full(4, -60.0), SHARP), "With blind_b no slope is larger than 0.001."),
        ((X, SHARP, SHARP), "blind_b is not blind"),
        ((X, BLIND, BLIND), "sharp_b is not sharp"),
    ],
)
def test_a_bad_hunt_is_told(suite, answer, sentence):
    """Each rule for the answer has its sentence."""
    verdict, reason = told(suite, "test_bug_hunt", bug_hunt=lambda: answer)
    assert verdict is Verdict.FAILED
    assert sentence in reason


def test_lists_and_whole_numbers_are_answers_too(suite):
    """A hunt that found its numbers keeps its points, however it writes them."""
    answer = [[1, 1, 1], [0, -60, 0, 0], [0, 2, 0, 0]]
    assert told(suite, "test_bug_hunt", bug_hunt=lambda: answer)[0] is Verdict.PASSED
