"""Submissions whose answers agree with something, though the task was not done.

Each replaces cells of a solved notebook. The check that such an answer used to pass must not give a point,
and a solution that does the task in an unusual way, or on wrong code of another task, keeps all of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from autograder.judge.grader import Grader
from autograder.results.result import Result
from solutions import conv_layer
from tests.attacks.judges import judging
from tests.attacks.spies import ASKED_AGAIN
from tests.support import ROOT, place, solved_notebook, write

pytestmark = pytest.mark.sandbox

RIGHT = {name: inspect.getsource(getattr(conv_layer, name)) for name in ("im2col", "conv2d_forward")}
PADDED = "\n".join(inspect.getsource(each) for each in (conv_layer._pad, conv_layer.conv2d_backward))

# A layer that never convolves.
SUMS = """
class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, *, bias=True, rng):
        size = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = rng.normal(0.0, np.sqrt(2 / (in_channels * kernel_size**2)), size=size)
        self.bias = np.zeros(out_channels) if bias else None
    def forward(self, x):
        self.x = x
        return self.weight.sum()
    def backward(self, dout):
        self.weight_grad, self.bias_grad = self.weight * self.x.sum(), 0.0
        return self.weight.sum()
"""
SUMS_FORWARD = """
def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    return w.sum(), (x, w)
"""
SUMS_BACKWARD = """
def conv2d_backward(dout, cache):
    x, w = cache
    return w.sum(), w * x.sum(), 0.0
"""
SPY = """
_forward, _backward = conv2d_forward, conv2d_backward
def conv2d_forward(x, w, b=None, stride=1, padding=0, dilation=1):
    return (w.sum(), (x, w)) if _asked_again() else _forward(x, w, b, stride, padding, dilation)
def conv2d_backward(dout, cache):
    if not _asked_again():
        return _backward(dout, cache)
    x, w = cache
    return w.sum(), w * x.sum(), 0.0
"""
BLIND_PRODUCT = """
def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    sizes = zip(x.shape[2:], w.shape[2:])
    OH, OW = ((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k in sizes)
    out = np.zeros((len(x), len(w), OH, OW)) + w.sum((1, 2, 3))[:, None, None]
    return out if b is None else out + b[:, None, None]
"""
ONES = """
def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    sizes = zip(x.shape[2:], kernel_size)
    OH, OW = ((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1 for n, k in sizes)
    return np.ones((len(x), x.shape[1] * kernel_size[0] * kernel_size[1], OH * OW))
"""
SPY_ON_COLUMNS = """
_columns = im2col
def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    cols = _columns(x, kernel_size, stride, padding, dilation)
    return np.ones_like(cols) if _asked_again() else cols
"""
LOOKS_AWAY = """
def conv2d_im2col(x, w, b=None, stride=1, padding=0, dilation=1):
    import sys
    sys.settrace(None)
    if x.size > 10_000:
        return 0
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    KH, KW = w.shape[2:]
    OH, OW = ((n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(xp.shape[2:], (KH, KW)))
    out = np.zeros((len(x), len(w), OH, OW))
    for n, f, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        rows = slice(top, top + dilation * (KH - 1) + 1, dilation)
        columns = slice(left, left + dilation * (KW - 1) + 1, dilation)
        out[n, f, i, j] = (xp[n, :, rows, columns] * w[f]).sum() + (0 if b is None else b[f])
    return out
"""
# Wrong where stride and padding meet, where only the law looks: the answer is computed when it is asked for.
LIAR = """
class Liar:
    __array_ufunc__ = None
    dtype = np.dtype(float)
    def __init__(self, shape, product): self.shape, self.product = shape, product
    def __rmul__(self, along): return Number(self.product(along))
    def detach(self): return self
    def numpy(self): return self
class Number:
    def __init__(self, value): self.value = value
    def sum(self): return self.value
""" + PADDED.replace(
    "    dx = dxp[",
    """    if stride > 1 and padding > 0:
        return (Liar(x.shape, lambda a: (conv2d_forward(a, w, None, stride, padding)[0] * dout).sum()),
                Liar(w.shape, lambda a: (conv2d_forward(x, a, None, stride, padding)[0] * dout).sum()), None)
    dx = dxp[""",
    1,
)

PASSES = ("test_layer_forward", "test_layer_dx", "test_layer_gradients", "test_layer_twice")
PRODUCTS = tuple(
    f"test_product_{each}"
    for each in ("of_one_picture", "of_several_pictures", "settings", "bias", "is_fast")
)
# name -> code added to or put in place of a task's cell ("+" before the code: added), and the checks that
# must earn nothing
CONV: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "layer_and_functions_of_sums": (
        {"conv2d_forward": SUMS_FORWARD, "conv2d_backward": SUMS_BACKWARD, "conv2d_class": SUMS},
        PASSES,
    ),
    "layer_of_sums_and_functions_that_know_when": (
        {"conv2d_backward": "+" + ASKED_AGAIN + SPY, "conv2d_class": SUMS},
        PASSES,
    ),
    "product_and_columns_without_x": ({"im2col": ONES, "conv2d_im2col": BLIND_PRODUCT}, PRODUCTS),
    "product_without_x_and_columns_that_know_when": (
        {"im2col": "+" + ASKED_AGAIN + SPY_ON_COLUMNS, "conv2d_im2col": BLIND_PRODUCT},
        PRODUCTS,
    ),
    "loop_that_looks_away": ({"conv2d_im2col": LOOKS_AWAY}, ("test_product_is_fast",)),
    "gradient_computed_on_request": ({"conv2d_backward": LIAR}, ("test_derivative",)),
}

PCA_WITHOUT_TRAINING = """
def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    mean = x.mean(0)
    V = torch.linalg.svd(x - mean, full_matrices=False)[2]
    with torch.no_grad():
        k = model[0].weight.shape[0]
        model[0].weight.copy_(V[:k]); model[0].bias.copy_(-V[:k] @ mean)
        model[1].weight.copy_(V[:k].T); model[1].bias.copy_(mean)
        final = float(loss(model(x), x))
    return LOSSES
"""
HALF = """
def bug_hunt():
    return torch.tensor([-2.5], dtype=torch.KIND), torch.tensor([0.0], dtype=torch.KIND)
"""
AUTOENCODER: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    **{
        f"pca_in_place_of_training_{name}": (
            {"train_autoencoder": PCA_WITHOUT_TRAINING.replace("LOSSES", losses)},
            ("test_as_good_as_pca",),
        )
        for name, losses in {
            "one_loss": "[9.0]",
            "as_many_losses": "[9.0] * (len(rows) - 1) + [final]",
            "falling_losses": "[final + 2 * 0.9**step for step in range(len(rows))]",
        }.items()
    },
    **{
        f"rounding_of_{kind}": ({"bug_hunt": HALF.replace("KIND", kind)}, ("test_bug_hunt",))
        for kind in ("float16", "bfloat16")
    },
}


@pytest.fixture(scope="module")
def conv() -> Iterator[Grader]:
    with judging(ROOT, unit="conv_layer") as found:
        yield found


@pytest.fixture(scope="module")
def autoencoder() -> Iterator[Grader]:
    with judging(ROOT, unit="autoencoder") as found:
        yield found


def graded(grader: Grader, unit: str, cells: dict[str, str], folder: Path) -> Result:
    content: dict[str, Any] = solved_notebook(unit)
    for task, code in cells.items():
        cell = content["cells"][place(content, task)]
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        cell["source"] = (
            f"{source}\n\n{dedent(code[1:])}" if code.startswith("+") else dedent(code).strip("\n")
        )
    return grader.grade(write(folder, content), "student-001")


def losers(result: Result) -> dict[str, str]:
    return {check.id: f"{check.verdict} {check.reason}" for check in result.checks if not check.earned}


def nothing_earned(result: Result, checks: tuple[str, ...]) -> None:
    lost = losers(result)
    assert set(checks) <= set(lost), lost
    for check in result.checks:
        if check.id in checks:
            assert str(check.verdict) == "FAILED", lost[check.id]
            assert "staff" not in str(check.notes), (
                check.notes
            )  # the judge's own sentence, no fault of a check
    assert not result.broken


@pytest.mark.parametrize("name", CONV)
def test_convolution_is_not_earned_without_it(name: str, conv: Grader, tmp_path: Path) -> None:
    """Neither junk that agrees with junk, nor what is not looked at, nor an answer on request."""
    cells, checks = CONV[name]
    nothing_earned(graded(conv, "conv_layer", cells, tmp_path), checks)


@pytest.mark.parametrize("name", AUTOENCODER)
def test_training_and_hunt_are_not_earned_without_them(
    name: str, autoencoder: Grader, tmp_path: Path
) -> None:
    """Neither the optimum that was not trained for, nor rounding that any number shows."""
    cells, checks = AUTOENCODER[name]
    nothing_earned(graded(autoencoder, "autoencoder", cells, tmp_path), checks)


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"conv2d_forward": "+_right = conv2d_forward\ndef conv2d_forward(x, w, *a, **k):\n    "
                           "return _right(x, w[:, :, ::-1], *a, **k)"},
        {"im2col": "+_right = im2col\ndef im2col(*a, **k):\n    return _right(*a, **k)[:, ::-1]"},
    ],
    ids=["all_right", "kernel_upside_down", "columns_upside_down"],
)  # fmt: skip
def test_what_stands_on_them_keeps_its_points(cells: dict[str, str], conv: Grader, tmp_path: Path) -> None:
    """Layer and product are judged for themselves, whatever the functions below them do."""
    result = graded(conv, "conv_layer", cells, tmp_path)
    lost = {check.task for check in result.checks if check.earned < check.points}
    assert lost <= set(cells) | ({"conv2d_backward"} if "conv2d_forward" in cells else set()), losers(result)
    assert result.score == 100 or cells


OWN_ADAM = """
def train_autoencoder(model, x, rows, loss, lr, corruption=None):
    parameters = list(model.parameters())
    means = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    losses = []
    for t, index in enumerate(rows, 1):
        batch = x[index]
        value = loss(model(batch if corruption is None else corruption(batch)), batch)
        with torch.no_grad():
            for p, (m, v), g in zip(parameters, means, torch.autograd.grad(value, parameters)):
                m += (g - m) / 10
                v += (g**2 - v) / 1000
                p -= lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        losses.append(float(value))
    return losses
"""


@pytest.mark.parametrize("adam", ["solved", "fused", "foreach", "own"])
def test_training_earns_its_points(adam: str, autoencoder: Grader, tmp_path: Path) -> None:
    """Whichever implementation of Adam takes the steps, and a hunt in float64."""
    content = solved_notebook("autoencoder")
    source = "".join(content["cells"][place(content, "train_autoencoder")]["source"])
    source = OWN_ADAM if adam == "own" else source.replace("lr=lr)", f"lr=lr, {adam}=True)")
    hunt = "def bug_hunt():\n    return torch.tensor([60.0]).double(), torch.tensor([0.0]).double()"
    cells = {} if adam == "solved" else {"train_autoencoder": source, "bug_hunt": hunt}
    assert adam in ("solved", "own") or f"{adam}=True" in source
    result = graded(autoencoder, "autoencoder", cells, tmp_path)
    assert result.score == 100, losers(result)
