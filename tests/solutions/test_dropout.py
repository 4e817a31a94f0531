"""The reference of dropout against torch's autograd, against averages over many masks, and its docstrings."""

import doctest
import math

import numpy as np
import pytest
import torch

from solutions import dropout as reference

PUBLIC = [
    value
    for name, value in vars(reference).items()
    if not name.startswith("_") and getattr(value, "__module__", "") == reference.__name__
]


def generator(seed=0):
    """A generator of its own."""
    return np.random.default_rng(seed)


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has one."""
    assert len(PUBLIC) == 9
    for definition in PUBLIC:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("p", [0.3, 0.75])
@pytest.mark.parametrize("name", ["dropout", "dropout2d"])
def test_values_and_gradients_are_torchs(name, p):
    """By the mask that was drawn: torch says how much what is kept grows, autograd what comes back."""
    rng = generator()
    x, dout = rng.normal(size=(2, 4, 5, 6, 3))
    out, cache = getattr(reference, f"{name}_forward")(x, p, True, rng)
    leaf = torch.tensor(x, requires_grad=True)
    kept = torch.tensor(out != 0)
    assert 0 < kept.sum() < kept.numel()
    theirs = torch.nn.functional.dropout(torch.ones(999, dtype=torch.float64), p, training=True).max()
    (leaf * kept * theirs).backward(torch.tensor(dout))
    np.testing.assert_allclose(out, x * kept.numpy() * theirs.item(), rtol=1e-12)
    np.testing.assert_allclose(
        getattr(reference, f"{name}_backward")(dout, cache), leaf.grad.numpy(), rtol=1e-12
    )


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (1.0, True), (0.4, False), (1.0, False)])
def test_without_chance_the_values_are_torchs(p, training):
    """Where nothing is left to chance, torch gives the same."""
    x = generator().normal(size=(3, 2, 4, 5))
    for name in ("dropout", "dropout2d"):
        out, _ = getattr(reference, f"{name}_forward")(x, p, training, generator())
        expected = getattr(torch.nn.functional, name)(torch.tensor(x), p, training)
        np.testing.assert_array_equal(out, expected.numpy())


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_torch_refuses_is_refused(p):
    """A p that is no probability raises ValueError, in both modes and in the layer."""
    for training in (True, False):
        with pytest.raises(ValueError, match="probability"):
            reference.dropout_forward(np.ones(3), p, training, generator())
    with pytest.raises(ValueError, match="probability"):
        reference.Dropout(p, rng=generator())


def test_expectation_is_kept():
    """The average of the outputs over many masks is x, for each entry."""
    x, p, runs = generator(1).normal(size=7), 0.3, 20_000
    out, _ = reference.dropout_forward(np.tile(x, (runs, 1)), p, True, generator(2))
    deviation = np.abs(x) * math.sqrt(p / (1 - p) / runs)
    assert (np.abs(out.mean(axis=0) - x) < 6 * deviation).all()


def test_gradient_is_that_of_differences():
    """With the same seed, and so the same mask, central differences give dx."""
    rng = generator(3)
    x, dout, step = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    _, cache = reference.dropout_forward(x, 0.4, True, generator(4))
    up, down = (reference.dropout_forward(x + h * step, 0.4, True, generator(4))[0] for h in (1e-5, -1e-5))
    measured = ((up - down) / 2e-5 * dout).sum()
    assert measured == pytest.approx((reference.dropout_backward(dout, cache) * step).sum(), rel=1e-8)


def test_float32_stays():
    """float32 in, float32 out, both ways; x and dout keep their values."""
    x = np.ones((3, 4, 2, 2), dtype=np.float32)
    for name in ("dropout", "dropout2d"):
        out, cache = getattr(reference, f"{name}_forward")(x, 0.3, True, generator())
        assert out.dtype == getattr(reference, f"{name}_backward")(x, cache).dtype == np.float32
    assert (x == 1).all()


def test_layer_and_accuracy_agree_with_torch():
    """In evaluation the same share as torch's modules; modes that differ are put back."""
    rng = generator(5)
    x, labels = rng.normal(size=(50, 4)), rng.integers(4, size=50)
    layers = [reference.Dropout(p, rng=rng) for p in (0.5, 0.2, 0.9)]
    layers[1].eval()
    module = torch.nn.Sequential(*(torch.nn.Dropout(p) for p in (0.5, 0.2, 0.9))).eval()
    expected = (module(torch.tensor(x)).argmax(1).numpy() == labels).mean()
    assert reference.accuracy(layers, x, labels) == expected
    assert [layer.training for layer in layers] == [True, False, True]


def test_spread_is_torchs():
    """Mean and standard deviation (divided by n) of the runs, also beside a large offset."""
    runs = generator(6).normal(size=(5, 2, 3))
    for offset in (0.0, 1e6):
        calls = iter(runs + offset)
        mean, std = reference.mc_dropout_predict(lambda x: next(calls), None, 5)  # noqa: B023 - used at once
        theirs = torch.std_mean(torch.tensor(runs + offset), dim=0, correction=0)
        np.testing.assert_allclose(mean, theirs[1], rtol=1e-12)
        np.testing.assert_allclose(std, theirs[0], rtol=1e-9)


def test_penalty_is_the_average_over_all_masks():
    """All masks of six entries, each with its probability, give the closed form exactly."""
    rng = generator(7)
    x, w, y, p = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=2), 0.3
    growth = -((y - x @ w) ** 2).sum()
    for number in range(2**6):
        keep = np.array([number >> bit & 1 for bit in range(6)]).reshape(2, 3)
        probability = np.where(keep, 1 - p, p).prod()
        growth += probability * ((y - (x * keep / (1 - p)) @ w) ** 2).sum()
    assert reference.dropout_penalty(x, w, p) == pytest.approx(growth, rel=1e-12)
