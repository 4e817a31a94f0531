"""The reference optimizers against ``torch.optim``, with which they do not share a line."""

import ast
import doctest
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from solutions import optimizers

UNIT = Path(__file__).parents[2] / "assignments" / "optimizers"
SHAPES = ((3, 4), (5,), (2, 1, 2), ())

PAIRS = [
    ("SGD", torch.optim.SGD, {}),
    ("SGD", torch.optim.SGD, {"momentum": 0.7}),
    ("SGD", torch.optim.SGD, {"momentum": 0.7, "weight_decay": 0.3}),
    ("SGD", torch.optim.SGD, {"momentum": 0.7, "weight_decay": 0.3, "nesterov": True}),
    ("RMSprop", torch.optim.RMSprop, {}),
    ("RMSprop", torch.optim.RMSprop, {"alpha": 0.8, "eps": 0.1}),
    ("Adam", torch.optim.Adam, {}),
    ("Adam", torch.optim.Adam, {"betas": (0.6, 0.95), "eps": 0.1, "weight_decay": 0.3}),
    ("AdamW", torch.optim.AdamW, {}),
    ("AdamW", torch.optim.AdamW, {"betas": (0.6, 0.95), "eps": 0.1, "weight_decay": 0.3}),
    ("Adagrad", torch.optim.Adagrad, {}),
    ("Adagrad", torch.optim.Adagrad, {"eps": 0.1}),
    ("Adadelta", torch.optim.Adadelta, {}),
    ("Adadelta", torch.optim.Adadelta, {"rho": 0.7, "eps": 0.1}),
    ("AMSGrad", torch.optim.Adam, {}),
    ("AMSGrad", torch.optim.Adam, {"betas": (0.6, 0.7), "eps": 0.1}),
]


def twins(name, torch_class, options, dtype):
    """The same parameters twice, each with its optimizer."""
    rng = np.random.default_rng(7)
    params = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    params = [np.array(p) for p in params]  # a scalar stays an array
    tensors = [torch.tensor(p, requires_grad=True) for p in params]
    extra = {"amsgrad": True} if name == "AMSGrad" else {}
    theirs = torch_class(tensors, lr=0.1, **options, **extra)
    return params, getattr(optimizers, name)(params, lr=0.1, **options), tensors, theirs


def step_both(ours, tensors, theirs, rng, rate, dtype):
    """One step of both with the same fresh gradients and the same rate."""
    grads = [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in SHAPES]
    for tensor, g in zip(tensors, grads, strict=True):
        tensor.grad = torch.tensor(g)
    ours.lr = theirs.param_groups[0]["lr"] = rate
    ours.step(grads)
    theirs.step()


@pytest.mark.parametrize(("name", "torch_class", "options"), PAIRS)
def test_path_equals_torch(name, torch_class, options):
    """Twenty steps in float64 with changing rates are those of ``torch.optim``, after each step."""
    params, ours, tensors, theirs = twins(name, torch_class, options, np.float64)
    rng = np.random.default_rng(3)
    for number in range(20):
        step_both(ours, tensors, theirs, rng, 0.1 + 0.02 * number, np.float64)
        for p, tensor in zip(params, tensors, strict=True):
            np.testing.assert_allclose(p, tensor.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "torch_class", "options"), PAIRS)
def test_float32_stays(name, torch_class, options):
    """float32 parameters and gradients give float32 state and a path close to torch's."""
    params, ours, tensors, theirs = twins(name, torch_class, options, np.float32)
    rng = np.random.default_rng(3)
    for _ in range(5):
        step_both(ours, tensors, theirs, rng, 0.1, np.float32)
    state = [array for value in vars(ours).values() if isinstance(value, list) for array in value]
    assert {array.dtype for array in (*params, *state)} == {np.dtype(np.float32)}
    for p, tensor in zip(params, tensors, strict=True):
        np.testing.assert_allclose(p, tensor.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_gradients_stay():
    """No optimizer changes the gradients that it is given."""
    for name in ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "AMSGrad"):
        g = np.array([3.0, -4.0])
        optimizer = getattr(optimizers, name)([np.ones(2)], lr=0.1)
        for _ in range(3):
            optimizer.step([g])
        assert g.tolist() == [3.0, -4.0], name


@pytest.mark.parametrize("momentum", [0.0, -0.5])
def test_nesterov_needs_momentum(momentum):
    """Nesterov without momentum is refused, as in torch."""
    with pytest.raises(ValueError, match="momentum"):
        optimizers.SGD([np.ones(2)], lr=0.1, momentum=momentum, nesterov=True)


@pytest.mark.parametrize(("warmup", "total", "floor"), [(0, 10, 0.0), (4, 15, 0.05)])
def test_schedule_equals_torch(warmup, total, floor):
    """Warm-up and cosine are torch's LinearLR and CosineAnnealingLR, one after the other."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=floor)
    schedule = cosine
    if warmup:
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
    rates = []
    for step in range(total + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        (schedule if step < warmup else cosine).step()
    ours = [
        optimizers.lr_at(step, peak=0.4, warmup=warmup, total=total, floor=floor) for step in range(total + 1)
    ]
    np.testing.assert_allclose(ours, rates, rtol=1e-9, atol=1e-12)


def test_schedule_stays_at_floor():
    """After the last step the rate is the floor."""
    assert optimizers.lr_at(99, peak=1.0, warmup=3, total=10, floor=0.25) == 0.25


@pytest.mark.parametrize(("step", "warmup", "total"), [(-1, 2, 5), (0, 5, 5), (0, 6, 5)])
def test_schedule_refuses(step, warmup, total):
    """A negative step, or an end that is not after the peak, raises ValueError."""
    with pytest.raises(ValueError, match="expected"):
        optimizers.lr_at(step, peak=1.0, warmup=warmup, total=total)


@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clipping_equals_torch(max_norm):
    """The returned length and the clipped gradients are those of ``clip_grad_norm_``."""
    rng = np.random.default_rng(5)
    grads = [np.array(rng.standard_normal(shape)) for shape in SHAPES]
    tensors = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in SHAPES]
    for tensor, g in zip(tensors, grads, strict=True):
        tensor.grad = torch.tensor(g)
    norm = torch.nn.utils.clip_grad_norm_(tensors, max_norm)
    assert optimizers.clip_grad_norm(grads, max_norm) == pytest.approx(float(norm), rel=1e-12)
    for tensor, g in zip(tensors, grads, strict=True):
        np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-12)


def test_examples_in_docstrings():
    """Every example in the assignment text runs and prints what it says."""
    found = doctest.testmod(optimizers)
    assert found.attempted >= 30
    assert found.failed == 0


def test_every_public_name_has_a_source():
    """Each task names its paper, except the bug hunt, which has none."""
    tasks = re.findall(
        r'^# %% task="(\w+)"', (UNIT / "notebook.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(tasks) == 10
    for name in set(tasks) - {"bug_hunt"}:
        assert "Source: " in getattr(optimizers, name).__doc__, name


def _defined(path, name):
    """One definition of a file, executed by itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = next(node for node in tree.body if getattr(node, "name", None) == name)
    namespace = {"np": np}
    exec(compile(ast.Module([node], []), path.name, "exec"), namespace)
    return namespace[name]


@pytest.mark.parametrize("experiment", [([1.0, 0.1], [1, 0]), ([0.01, 1.0, 0.1], [-9, 4, 7])])
def test_judge_knows_the_suspect(experiment):
    """The judge's right and wrong optimizer are SGD and the notebook's SuspectSGD."""
    right = _defined(UNIT / "grader.py", "end_of_right")
    suspect = _defined(UNIT / "grader.py", "end_of_suspect")
    for make, end in ((optimizers.SGD, right), (_defined(UNIT / "notebook.py", "SuspectSGD"), suspect)):
        p = np.array([0.0])
        optimizer = make([p], lr=1.0, momentum=0.9)
        for rate, g in zip(*experiment, strict=True):
            optimizer.lr = rate
            optimizer.step([np.array([float(g)])])
        assert p[0] == pytest.approx(end(*experiment), rel=1e-12)


def test_points_in_the_notebook():
    """The notebook's table of points says what the hidden checks sum up to."""
    marks = re.findall(r'task\("(\w+)", points=(\d+)', (UNIT / "grader.py").read_text(encoding="utf-8"))
    table = re.findall(
        r"^# \| `(\w+)` \| (\d+) \|", (UNIT / "notebook.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(table) == 7
    for task, points in table:
        assert sum(int(p) for name, p in marks if name == task) == int(points), task


def test_notebook_runs(monkeypatch):
    """The notebook runs from top to bottom with the reference, and every figure has its alternative text."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "show", lambda: (shown.append(plt.gcf().number), plt.close("all")))
    text = (UNIT / "notebook.py").read_text(encoding="utf-8")
    with matplotlib.rc_context(), np.printoptions():
        exec(compile(text, "notebook.py", "exec"), {"__name__": "notebook"})
    assert len(shown) == len(re.findall(r"^# <details><summary>Figure in words", text, re.MULTILINE)) == 9
