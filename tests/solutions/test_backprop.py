"""The reference of backprop against torch in float64, and against what its own docstrings say."""

import doctest
import inspect

import numpy as np
import pytest
import torch

from solutions import backprop as reference
from solutions.backprop import Value

GIVEN = {"play", "hasty_backward", "tapes_fit"}  # for the bug hunt; no task asks for them
PUBLIC = [
    value
    for name, value in vars(reference).items()
    if name[0] != "_" and name not in GIVEN and getattr(value, "__module__", "") == reference.__name__
]


def tensor(array):
    """A leaf of torch's graph."""
    return torch.tensor(array, requires_grad=True)


def torch_gradients(f, *arrays, dout=None):
    """What torch computes, and its gradients for all arrays."""
    leaves = [tensor(array) for array in arrays]
    out = f(*leaves)
    out.backward(None if dout is None else torch.tensor(dout))
    return out.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


def same(left, right):
    """Equal but for rounding."""
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has one."""
    for definition in PUBLIC:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("shape", [(), (3,), (2, 1, 3)])
def test_measured_gradient_is_torchs(shape):
    """numerical_gradient of a smooth function comes within 1e-8 of torch's gradient."""
    x = np.random.default_rng(0).normal(size=shape)
    _, (expected,) = torch_gradients(lambda x: (torch.exp(x) * torch.sin(3 * x)).sum(), x)
    measured = reference.numerical_gradient(lambda x: float((np.exp(x) * np.sin(3 * x)).sum()), x)
    np.testing.assert_allclose(measured, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("view", [lambda x: x.T, lambda x: x[::2, ::-1], np.asfortranarray])
def test_any_layout_is_measured(view):
    """Views are measured like copies, and the original is not touched."""
    base = np.random.default_rng(1).normal(size=(4, 6))
    x, before = view(base), base.copy()
    same(reference.numerical_gradient(lambda x: float((x**3).sum()), x, h=0.1), 3 * x**2 + 0.01)
    assert (base == before).all()


EXPRESSIONS = {
    "operators": lambda a, b: (a - b) * 3 / (2 + a * b) - (1 - a) / b + 2 / a - -b + (a + 1) * (5 - 3 * b),
    "powers": lambda a, b: a**3 + b**-2 + a**0.5 + b**0,
    "functions": lambda a, b: (a * b).exp() + (a * 2).log() + (a - b).tanh() + (a - 2).relu() + b.relu(),
    "diamond": lambda a, b: (a + b) * (a - b) + a * a,
    "waits": lambda a, b: (a * b) * (a * b).tanh() + _waiting(a * b),
}


def _waiting(e):
    return e * e.tanh().tanh() + e.tanh() * e + (e + e * e)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_value_is_torch(name):
    """Data and grads of expressions are those of torch, when the second backward adds to the first, too."""
    f, numbers = EXPRESSIONS[name], (1.3, -0.7)
    values = [Value(number) for number in numbers]
    leaves = [tensor(np.float64(number)) for number in numbers]
    for _ in range(2):
        ours, theirs = f(*values), f(*leaves)
        ours.backward()
        theirs.backward()
        same(ours.data, theirs.item())
        same([value.grad for value in values], [leaf.grad.item() for leaf in leaves])


@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (2, 4, 3), (2, 2, 2, 3)])
@pytest.mark.parametrize("has_bias", [True, False])
def test_linear_is_torch(shape, has_bias):
    """Output and gradients are those of torch.nn.functional.linear, whatever axes stand in front."""
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=shape), rng.normal(size=(4, 3)), rng.normal(size=4)][: 2 + has_bias]
    out, cache = reference.linear_forward(*arrays)
    dout = rng.normal(size=out.shape)
    expected, gradients = torch_gradients(torch.nn.functional.linear, *arrays, dout=dout)
    same(out, expected)
    ours = reference.linear_backward(dout, cache)
    assert (ours[2] is None) is not has_bias
    for mine, theirs in zip(ours, gradients, strict=False):
        same(mine, theirs)


@pytest.mark.parametrize(
    ("name", "options", "theirs"),
    [
        ("relu", {}, torch.relu),
        ("relu", {"slope": 0.3}, lambda x: torch.nn.functional.leaky_relu(x, 0.3)),
        ("sigmoid", {}, torch.sigmoid),
        ("tanh", {}, torch.tanh),
    ],
)
def test_activations_are_torch(name, options, theirs):
    """Values and gradients are torch's, at 0 and at 1000, without a warning; float32 stays float32."""
    x = np.concatenate([np.random.default_rng(3).normal(size=9), [0.0, 1000.0, -1000.0]]).reshape(3, 4)
    dout = np.random.default_rng(4).normal(size=x.shape)
    expected, (gradient,) = torch_gradients(theirs, x, dout=dout)
    with np.errstate(over="raise", invalid="raise"):
        out, cache = getattr(reference, f"{name}_forward")(x, **options)
    same(out, expected)
    same(getattr(reference, f"{name}_backward")(dout, cache), gradient)
    assert getattr(reference, f"{name}_forward")(x.astype(np.float32), **options)[0].dtype == np.float32


@pytest.mark.parametrize("shift", [0.0, 1e4, -1e4])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_cross_entropy_is_torch(shift, dtype):
    """Loss and gradient are torch's for small and huge logits."""
    rng = np.random.default_rng(5)
    logits, target = rng.normal(size=(6, 4)) + shift, np.array([0, 1, 1, 3, 0, 1], dtype)
    logits[0] *= 1e3
    labels = torch.tensor(target.astype(np.int64))
    expected, (gradient,) = torch_gradients(
        lambda x: torch.nn.functional.cross_entropy(x, labels), logits.copy()
    )
    loss, dlogits = reference.cross_entropy(logits, target)
    same(loss, expected)
    same(dlogits, gradient)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("ignore", [None, -1, 2])
def test_general_cross_entropy_is_torch(smoothing, ignore):
    """Smoothed labels and ignored samples are counted as in torch."""
    rng = np.random.default_rng(6)
    logits, target = rng.normal(size=(6, 4)), np.array([0, 1, 2, 3, 2, 1])
    if ignore == -1:
        target[1] = -1
    options = {"label_smoothing": smoothing, "ignore_index": -100 if ignore is None else ignore}
    expected, (gradient,) = torch_gradients(
        lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(target), **options), logits
    )
    loss, dlogits = reference.cross_entropy_general(logits, target, smoothing, ignore)
    same(loss, expected)
    same(dlogits, gradient)


def test_everything_ignored_costs_nothing():
    """Where torch says NaN, the loss is 0.0 and the gradient zero."""
    loss, dlogits = reference.cross_entropy_general(np.ones((2, 3)), np.array([-1, -1]), 0.1, -1)
    assert loss == 0.0
    assert not dlogits.any()


def test_network_trains_like_torch():
    """Losses and parameters of 20 steps are those of the same network and SGD in torch."""
    rng = np.random.default_rng(7)
    model = reference.MLP([4, 6, 5, 3], rng=rng)
    modules = []
    for layer in model.layers:
        module = torch.nn.Linear(*layer.weight.shape[::-1], dtype=torch.float64)
        with torch.no_grad():
            module.weight.copy_(torch.tensor(layer.weight))
            module.bias.zero_()
        modules += [module, torch.nn.ReLU()]
    net = torch.nn.Sequential(*modules[:-1])
    sgd = torch.optim.SGD(net.parameters(), lr=0.3)
    for _ in range(20):
        x, y = rng.normal(size=(7, 4)), rng.integers(3, size=7)
        sgd.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        sgd.step()
        same(reference.train_step(model, x, y, 0.3), loss.item())
        for p, other in zip(model.params(), net.parameters(), strict=True):
            same(p, other.detach().numpy())


def test_spread_of_weights():
    """Weights are drawn with variance 2 / in, within six standard deviations of that."""
    weight = reference.Linear(50, 400, rng=np.random.default_rng(8)).weight
    assert abs(weight.var() * 25 - 1) < 6 * np.sqrt(2 / weight.size)
    assert abs(weight.mean()) < 6 * np.sqrt(1 / 25 / weight.size)


def test_check_gradient_tells_right_from_wrong():
    """It is tiny for each right layer, and large where one of the gradients is wrong."""
    rng = np.random.default_rng(9)
    x, w = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))

    def wrong(dout, cache):
        dx, dw, _ = reference.linear_backward(dout, cache)
        return dx, 1.01 * dw

    assert reference.check_gradient(reference.linear_forward, wrong, [x, w], rng) > 1e-4
    forward, backward = reference.tanh_forward, lambda dout, cache: (reference.tanh_backward(dout, cache),)
    assert reference.check_gradient(forward, backward, [x], rng) < 1e-7


def test_signatures_say_what_the_docstrings_say():
    """Each argument is explained in its docstring."""
    for definition in PUBLIC:
        for argument in inspect.signature(definition).parameters:
            assert argument in definition.__doc__, (definition.__name__, argument)
