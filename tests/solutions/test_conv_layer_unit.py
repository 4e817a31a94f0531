"""The files of the unit conv_layer against one another: notebook, public checks, grader, mistakes."""

import ast
import inspect
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_course
from autograder.explain import diagnosis
from autograder.judge.grader import judge
from autograder.results.result import Verdict
from autograder.student.subjects import LocalSubject
from autograder.unit.criteria import points_by_task, read_criteria
from autograder.unit.mistakes.edits import module_namespace
from solutions import conv_layer as reference
from tests.support import failing

ROOT = Path(__file__).parents[2]
UNIT = load_course(ROOT).unit("conv_layer")


def test_notebook_runs_and_gives_col2im(notebook):
    """The notebook runs from top to bottom, and the hand example comes out of its cells."""
    out, _ = notebook["conv2d_forward"](notebook["hand_x"], notebook["hand_w"])
    assert out.ravel().tolist() == [21, 32]
    assert notebook["col2im"].__code__ == reference.col2im.__code__


def test_each_figure_and_guess_is_followed_up(cells):
    """A folded description follows each figure, and a guess beside the truth each prediction."""
    shown = [number for number, cell in enumerate(cells) if "plt.show()" in cell.source]
    guesses = [number for number, cell in enumerate(cells) if cell.source.startswith("my_guess")]
    asked = sum(cell.source.count("**Predict, then run.**") for cell in cells) - 1  # the head explains it
    assert len(shown) >= 8
    assert len(guesses) == asked >= 9
    for number in shown:
        assert "<details><summary>Figure in words</summary>" in cells[number + 1].source
    for number in guesses:
        assert (
            "my guess: {my_guess" in cells[number + 1].source
            or "my guess {guess}" in cells[number + 1].source
        )
        assert cells[number].metadata.get("scratch"), "a student can write into it"


def test_each_core_task_has_three_hints(cells):
    """Above the cell of each core task stand its three hints."""
    core = {task.name for task in points_by_task(read_criteria(UNIT.grader)) if not task.bonus}
    tasks = {cell.metadata["task"]: number for number, cell in enumerate(cells) if "task" in cell.metadata}
    assert core <= tasks.keys()
    for task in core:
        above = "".join(cell.source for cell in cells[max(0, tasks[task] - 3) : tasks[task]])
        assert above.count("<summary>Hint") == 3, task


WRONG_BUT_LEARNS = ("overlap_overwritten", "crops_one_corner", "db_mean", "db_per_picture")
SLOPES = (
    *WRONG_BUT_LEARNS,
    "dw_of_last_window",
    "stride_lost_backward",
    "flips_kernel_backward",
    "dw_per_picture",
)


def reading(cells, names):
    """The names after the notebook's cells about digits ran with these functions."""
    wanted = ("digits = load_digits", "def train(", "def measured_slopes(")
    for cell in cells:
        if cell.cell_type == "code" and any(word in cell.source for word in wanted):
            exec(cell.source, names)
    return names


@pytest.mark.parametrize("name", SLOPES)
def test_a_wrong_gradient_shows_in_the_slopes(cells, notebook, catalogue, name):
    """Some wrong gradients learn nearly as well as the right one; all of them change a slope."""
    assert np.allclose(notebook["slopes"], 1, atol=1e-3)
    assert notebook["read"].mean() > 0.8
    names = dict(notebook, rng=np.random.default_rng(0))
    names.update(module_namespace(catalogue.mistakes[name].source, name))
    wrong = reading(cells, names)
    plt = names["plt"]
    plt.close("all")
    assert not np.allclose(wrong["slopes"], 1, atol=0.05)
    if name in WRONG_BUT_LEARNS:
        assert np.mean(wrong["losses"][-20:]) < 0.7


def test_core_is_a_hundred_points():
    """The core checks make 100 points in all."""
    assert sum(task.points for task in points_by_task(read_criteria(UNIT.grader))) == 100


def test_bonus_is_twenty():
    """The bonus tasks make at most 20 extra points, all of them marked as bonus."""
    extra = {task.name: task.max_bonus for task in points_by_task(read_criteria(UNIT.grader)) if task.bonus}
    assert extra == {"conv2d_general_forward": 8, "conv2d_general_backward": 12}


def test_judge_hunts_the_same_bug(cells):
    """The suspicious code that the judge runs is the notebook's, statement by statement."""
    shown = next(cell.source for cell in cells if "def suspicious_conv2d" in cell.source)
    judged = UNIT.grader.read_text(encoding="utf-8")
    bodies = [
        [ast.dump(statement) for statement in node.body[1:]]  # without the docstring
        for text in (shown, judged)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == "suspicious_conv2d"
    ]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_public_checks_pass_right_code(checks, notebook, catalogue):
    """Reference and variants pass every public check."""
    assert failing(checks, notebook) == set()
    for name, variant in catalogue.variants.items():
        assert failing(checks, {**notebook, **module_namespace(variant.source, name)}) == set(), name


def test_public_checks_fail_on_stubs(checks, notebook):
    """A stub fails the public check of its task."""

    def stub(*args, **kwargs):
        raise NotImplementedError

    names = [task for task in dir(reference) if task in notebook and not task.startswith("_")]
    stubs = {name: stub for name in names if name not in ("np", "col2im", "sliding_window_view")}
    assert failing(checks, {**notebook, **stubs}) == set(checks)


def test_public_checks_are_strong_enough(checks, notebook, catalogue):
    """A known mistake that passes all public checks costs at most 40 % of its task."""
    for name, mistake in catalogue.mistakes.items():
        if mistake.costs is None or mistake.costs[1] > 0.4:
            names = {**notebook, **module_namespace(mistake.source, name)}
            assert mistake.task in failing(checks, names), name


def loop_over_everything(x, w, b=None, stride=1, padding=0, dilation=1):
    """Right, and slow: one output number at a time."""
    out = reference.conv2d_forward(x, w, b, stride, padding, dilation)[0]
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    KH, KW = w.shape[2:]
    for n, f, i, j in np.ndindex(*out.shape):
        rows = slice(i * stride, i * stride + dilation * (KH - 1) + 1, dilation)
        columns = slice(j * stride, j * stride + dilation * (KW - 1) + 1, dilation)
        out[n, f, i, j] = (xp[n, :, rows, columns] * w[f]).sum() + (0 if b is None else b[f])
    return out


def test_loop_is_not_fast(suite):
    """A loop over all output numbers has right values and loses the points for speed only."""
    names = {**suite.reference, "conv2d_im2col": loop_over_everything}
    checks = [mark.id for mark in suite.checks if mark.task == "conv2d_im2col"]
    outcomes = {check: suite.run(check, LocalSubject(names), 1).verdict for check in checks}
    assert [check for check, verdict in outcomes.items() if verdict is not Verdict.PASSED] == [
        "test_product_is_fast"
    ]


def loop_over_filters_and_pixels(x, w, b=None, stride=1, padding=0, dilation=1):
    """The same for all pictures at once, in one line."""
    KH, KW = w.shape[2:]
    OH, OW = x.shape[2] - KH + 1, x.shape[3] - KW + 1
    rows = [
        (x[:, :, i : i + KH, j : j + KW] * f).sum((1, 2, 3)) for f in w for i in range(OH) for j in range(OW)
    ]
    return np.array(rows).T.reshape(len(x), len(w), OH, OW)


def loop_that_stops_the_count(x, w, b=None, stride=1, padding=0, dilation=1):
    """The same, but nobody is to see it."""
    sys.settrace(None)
    return loop_over_everything(x, w, b, stride, padding, dilation)


def one_window_at_a_time(x, w, b=None, stride=1, padding=0, dilation=1):
    """All filters at once."""
    return reference.conv2d_forward(x, w, b, stride, padding, dilation)[0]


def one_number_at_a_time(x, kernel_size, stride=1, padding=0, dilation=1):
    """An im2col that takes its time."""
    cols = reference.im2col(x, kernel_size, stride, padding, dilation)
    return np.array([cols[place] for place in np.ndindex(*cols.shape)]).reshape(cols.shape)


def loop_behind_slow_columns(x, w, b=None, stride=1, padding=0, dilation=1):
    """Most of its lines are those of im2col."""
    cols = one_number_at_a_time(x, w.shape[2:], stride, padding, dilation)
    out = np.zeros((len(x), len(w), cols.shape[2]))
    for n, f, place in np.ndindex(*out.shape):
        out[n, f, place] = w[f].ravel() @ cols[n, :, place]
    return out.reshape(reference.conv2d_im2col(x, w, b, stride, padding, dilation).shape)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"conv2d_im2col": loop_over_filters_and_pixels}, Verdict.FAILED),
        ({"conv2d_im2col": loop_that_stops_the_count}, Verdict.FAILED),
        ({"conv2d_im2col": loop_behind_slow_columns}, Verdict.FAILED),
        ({"conv2d_im2col": one_window_at_a_time}, Verdict.PASSED),
        ({"im2col": one_number_at_a_time}, Verdict.PASSED),
    ],
    ids=lambda each: next(iter(each.values())).__name__ if isinstance(each, dict) else None,
)
def test_only_loops_over_the_output_are_slow(suite, changed, verdict):
    """Lines are counted for what more filters cost: not those of im2col, nor those of a loop over windows."""
    names = module_namespace(inspect.getsource(reference), "conv_layer_loops")
    names.update(changed)
    outcome = suite.run("test_product_is_fast", LocalSubject(names), 1)
    assert outcome.verdict is verdict, outcome.reason
    assert verdict is Verdict.PASSED or "Python lines" in outcome.reason


def test_class_is_not_charged_for_the_functions(suite):
    """A layer on a wrong conv2d_forward keeps its points; a layer that ignores its stride does not."""

    def flipped(x, w, *args, **kwargs):
        return reference.conv2d_forward(x, w[:, :, ::-1], *args, **kwargs)

    source = inspect.getsource(reference)
    names = module_namespace(source, "conv_layer_flipped")
    names["conv2d_forward"] = flipped
    assert suite.run("test_layer_forward", LocalSubject(names), 1).verdict is Verdict.PASSED
    assert suite.run("test_orientation", LocalSubject(names), 1).verdict is Verdict.FAILED

    deaf = source.replace("self.stride = stride", "self.stride = 1")
    names = module_namespace(deaf, "conv_layer_deaf")
    assert suite.run("test_layer_forward", LocalSubject(names), 1).verdict is Verdict.FAILED


def test_a_function_that_returns_nothing_is_charged_once(suite):
    """Layer and product are judged on the reference's functions; without a cache, gradients cannot be."""
    for name, blocked in (("conv2d_forward", "conv2d_backward"), ("conv2d_backward", ""), ("im2col", "")):
        names = module_namespace(inspect.getsource(reference), f"conv_layer_without_{name}")
        names[name] = lambda *args, **kwargs: None
        for mark in suite.checks:
            verdict = suite.run(mark.id, LocalSubject(names), 1).verdict
            allowed = {Verdict.PASSED}
            if mark.task == blocked:
                allowed = {Verdict.BLOCKED}
            elif mark.task == name:
                allowed = {Verdict.FAILED, Verdict.ERROR}
            assert verdict in allowed, (name, mark.id, verdict)


def test_padding_that_is_forgotten_costs_padding_only(suite):
    """A forward pass without padding fails the check on padding, and no other."""

    def bare(x, w, b=None, stride=1, padding=0, dilation=1):
        return reference.conv2d_forward(x, w, b, stride, 0, dilation)

    names = {**suite.reference, "conv2d_forward": bare}
    checks = [mark.id for mark in suite.checks if mark.task == "conv2d_forward"]
    outcomes = {check: suite.run(check, LocalSubject(names), 1).verdict for check in checks}
    failed = [check for check, verdict in outcomes.items() if verdict is not Verdict.PASSED]
    assert failed == ["test_padding"]


def test_agreeing_with_oneself_is_worth_nothing(suite):
    """A layer that returns the same constants as the functions below it earns nothing for its passes.

    One that calls the same functions as it should keeps its points: the constants were charged there.
    """
    source = inspect.getsource(reference)
    names = module_namespace(source, "conv_layer_constant")
    forward, backward = names["conv2d_forward"], names["conv2d_backward"]

    def constant_forward(*args, **kwargs):
        out, cache = forward(*args, **kwargs)
        return np.ones_like(out), cache

    def constant_backward(*args):
        return tuple(value if value is None else np.ones_like(value) for value in backward(*args))

    class Constant(names["Conv2d"]):
        def forward(self, x):
            self._x = x
            return constant_forward(x, self.weight, None, self.stride, self.padding)[0]

        def backward(self, dout):
            self.weight_grad, self.bias_grad = np.ones_like(self.weight), np.ones_like(self.bias)
            return np.ones_like(self._x)

    names["conv2d_forward"], names["conv2d_backward"] = constant_forward, constant_backward
    for layer, verdict in ((names["Conv2d"], Verdict.PASSED), (Constant, Verdict.FAILED)):
        names["Conv2d"] = layer
        subject = LocalSubject(names)
        for check in ("test_layer_forward", "test_layer_dx", "test_layer_gradients"):
            assert suite.run(check, subject, 1).verdict is verdict, check


def test_product_is_not_charged_for_the_columns(suite):
    """A product on a wrong im2col keeps its points, the ones for speed too; one that ignores x does not."""
    names = module_namespace(inspect.getsource(reference), "conv_layer_turned_columns")
    columns, product = names["im2col"], names["conv2d_im2col"]
    names["im2col"] = lambda *args, **kwargs: columns(*args, **kwargs)[:, ::-1]
    checks = [mark.id for mark in suite.checks if mark.task == "conv2d_im2col"]
    for check in checks:
        assert suite.run(check, LocalSubject(names), 1).verdict is Verdict.PASSED, check

    names["conv2d_im2col"] = lambda x, w, *args, **kwargs: 0 * product(x, w, *args, **kwargs) + w.sum()
    for check in checks:
        assert suite.run(check, LocalSubject(names), 1).verdict is Verdict.FAILED, check


def test_inputs_that_are_written_into_are_noticed(suite):
    """Right values with a modified x or dout fail the check on unchanged inputs, and no other."""

    def careless_forward(x, w, *args, **kwargs):
        answer = reference.conv2d_forward(x.copy(), w, *args, **kwargs)
        x *= 2
        return answer

    def careless_backward(dout, cache):
        answer = reference.conv2d_backward(dout, cache)
        dout[...] = 0
        return answer

    names = {**suite.reference, "conv2d_forward": careless_forward, "conv2d_backward": careless_backward}
    checks = [mark.id for mark in suite.checks if mark.task in ("conv2d_forward", "conv2d_backward")]
    outcomes = {check: suite.run(check, LocalSubject(names), 1).verdict for check in checks}
    failed = [check for check, verdict in outcomes.items() if verdict is not Verdict.PASSED]
    assert failed == ["test_forward_unchanged", "test_backward_unchanged"]


def test_a_cache_in_a_global_variable_is_noticed(suite):
    """A backward pass that uses the latest forward pass, whatever cache it is given, loses one check."""
    latest = {}

    def forgetful_forward(*args, **kwargs):
        out, latest["cache"] = reference.conv2d_forward(*args, **kwargs)
        return out, None

    def forgetful_backward(dout, cache):
        return reference.conv2d_backward(dout, latest["cache"])

    names = {**suite.reference, "conv2d_forward": forgetful_forward, "conv2d_backward": forgetful_backward}
    checks = [mark.id for mark in suite.checks if mark.task == "conv2d_backward"]
    outcomes = {check: suite.run(check, LocalSubject(names), 1).verdict for check in checks}
    failed = [check for check, verdict in outcomes.items() if verdict is not Verdict.PASSED]
    assert failed == ["test_backward_unchanged"]


def told(suite, old, new):
    """The failed checks of the reference with one place changed, as they are explained."""
    source = UNIT.reference.read_text(encoding="utf-8")
    assert old in source
    subject = LocalSubject(module_namespace(source.replace(old, new, 1), "student"))
    checks, outcomes = judge(suite, subject, 1)
    explained = diagnosis(suite).explain(checks, outcomes, 1, subject)
    return [check for check in explained if check.verdict is not Verdict.PASSED]


def test_a_wrong_gradient_is_told_in_relation_to_the_right_one(suite):
    """Checks without a mirror are explained like others."""
    failed = told(suite, "return dx, dw, db", "return dx, 0.3 * dw, db")
    assert "dw equals the right one times 0.3." in " ".join(check.reason for check in failed)
    assert [check.case for check in failed if check.case]


def test_a_bug_hunt_has_no_expected_answer(suite):
    """The reference's is one of many."""
    (failed,) = told(suite, "return np.eye(5), cross, falling", "return np.eye(5), cross, cross")
    assert failed.id == "test_bug_hunt"
    assert failed.case is None
    assert "right one" not in failed.reason


def test_a_mistake_is_named_in_loops_as_well(suite, catalogue):
    """How many lines and arrays a backward pass takes is no part of its mistake."""
    right, cut = (
        catalogue.variants["loops"].source,
        "dpadded[:, :, padding : H + padding, padding : W + padding]",
    )
    assert right.count(cut) == 1
    subject = LocalSubject(module_namespace(right.replace(cut, "dpadded[:, :, 1:-1, 1:-1]"), "student"))
    checks, outcomes = judge(suite, subject, 1)
    failed = [
        check
        for check in diagnosis(suite).explain(checks, outcomes, 1, subject)
        if check.task == "conv2d_backward" and check.verdict is not Verdict.PASSED
    ]
    assert "test_dx_overlap" in {check.id for check in failed}
    assert {check.mistake for check in failed} == {"crops_by_one"}
