"""The reference of batchnorm against torch in float64, and against what its own docstrings say."""

import doctest

import numpy as np
import pytest
import torch
from torch.nn import functional

from solutions import batchnorm as reference

PUBLIC = [
    value
    for name, value in vars(reference).items()
    if not name.startswith("_") and getattr(value, "__module__", "") == reference.__name__
]
SHAPES = [(6, 3), (2, 4), (4, 3, 5, 2), (1, 2, 3, 3)]


def same(left, right):
    """Equal but for rounding."""
    right = right.detach().numpy() if hasattr(right, "detach") else right
    assert left.shape == right.shape
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=1e-12)


def leaves(*arrays):
    """Tensors that gather gradients."""
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def settings(rng, C):
    """gamma, beta, running_mean, running_var."""
    return rng.normal(size=C), rng.normal(size=C), rng.normal(size=C), rng.uniform(0.5, 2, C)


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has one."""
    assert len(PUBLIC) == 9
    for definition in PUBLIC:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_torchs(shape, training):
    """Output, running statistics and all gradients are torch's; so is the closed form."""
    rng = np.random.default_rng(0)
    x, dout = 2 * rng.normal(size=shape) + 1, rng.normal(size=shape)
    gamma, beta, mean, var = settings(rng, shape[1])
    out, new_mean, new_var, cache = reference.batchnorm_forward(
        x, gamma, beta, mean, var, training, 0.3, 0.05
    )
    tx, tgamma, tbeta = leaves(x, gamma, beta)
    tmean, tvar = torch.tensor(mean), torch.tensor(var)
    theirs = functional.batch_norm(tx, tmean, tvar, tgamma, tbeta, training, 0.3, 0.05)
    theirs.backward(torch.tensor(dout))
    same(out, theirs)
    same(new_mean, tmean)
    same(new_var, tvar)
    for ours, leaf in zip(reference.batchnorm_backward(dout, cache), (tx, tgamma, tbeta), strict=True):
        same(ours, leaf.grad)
    if training and x.ndim == 2:
        istd = 1 / np.sqrt(x.var(axis=0) + 0.05)
        same(reference.batchnorm_dx(dout, (x - x.mean(axis=0)) * istd, gamma, istd), tx.grad)


@pytest.mark.parametrize("momentum", [0.3, None])
def test_layer_is_torchs(momentum):
    """Three batches in training, one in evaluation, for samples and for pictures."""
    for shape, kind in (((6, 3), torch.nn.BatchNorm1d), ((4, 3, 2, 5), torch.nn.BatchNorm2d)):
        rng = np.random.default_rng(1)
        layer = reference.BatchNorm(3, momentum=momentum, eps=0.01)
        theirs = kind(3, momentum=momentum, eps=0.01, dtype=torch.float64)
        for step in range(5):
            if step == 3:
                layer.eval()
                theirs.eval()
            elif step == 4:
                layer.train()
                theirs.train()
            x, dout = rng.normal(1, 2, shape), rng.normal(size=shape)
            (tx,) = leaves(x)
            theirs.zero_grad()
            out = theirs(tx)
            out.backward(torch.tensor(dout))
            same(layer.forward(x), out)
            same(layer.backward(dout), tx.grad)
            same(layer.weight_grad, theirs.weight.grad)
            same(layer.bias_grad, theirs.bias.grad)
            same(layer.running_mean, theirs.running_mean)
            same(layer.running_var, theirs.running_var)


@pytest.mark.parametrize("shape", [(5,), (4, 5), (3, 2, 5)])
def test_layernorm_is_torchs(shape):
    """Output and gradients, with any number of axes before the last."""
    rng = np.random.default_rng(2)
    x, dout, weight, bias = (rng.normal(size=s) for s in (shape, shape, 5, 5))
    out, cache = reference.layernorm_forward(x, weight, bias, 0.01)
    tensors = leaves(x, weight, bias)
    theirs = functional.layer_norm(tensors[0], (5,), tensors[1], tensors[2], 0.01)
    theirs.backward(torch.tensor(dout))
    same(out, theirs)
    for ours, leaf in zip(reference.layernorm_backward(dout, cache), tensors, strict=True):
        same(ours, leaf.grad)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groupnorm_is_torchs(groups):
    """Groups of all sizes."""
    rng = np.random.default_rng(3)
    x, weight, bias = (rng.normal(size=s) for s in ((2, 6, 3, 4), 6, 6))
    theirs = functional.group_norm(
        torch.tensor(x), groups, torch.tensor(weight), torch.tensor(bias), eps=0.01
    )
    same(reference.groupnorm(x, groups, weight, bias, 0.01), theirs)


@pytest.mark.parametrize("bias", [True, False])
def test_a_folded_layer_does_the_same(bias):
    """A linear layer and a convolution, each with its normalisation in one."""
    rng = np.random.default_rng(4)
    gamma, beta, mean, var = settings(rng, 4)
    b = rng.normal(size=4) if bias else None
    for apply, w, x in (
        (functional.linear, rng.normal(size=(4, 3)), rng.normal(size=(5, 3))),
        (functional.conv2d, rng.normal(size=(4, 3, 2, 2)), rng.normal(size=(5, 3, 4, 4))),
    ):
        x, layer = torch.tensor(x), (torch.tensor(w), None if b is None else torch.tensor(b))
        out = reference.batchnorm_forward(apply(x, *layer).numpy(), gamma, beta, mean, var, False)[0]
        folded = reference.fold_batchnorm(w, b, gamma, beta, mean, var)
        same(out, apply(x, *map(torch.tensor, folded)))


def test_a_single_number_is_refused():
    """In training it has no variance; in evaluation it needs none."""
    one = np.ones(2)
    for x in (np.zeros((1, 2)), np.zeros((1, 2, 1, 1))):
        with pytest.raises(ValueError, match="more than one"):
            reference.batchnorm_forward(x, one, one, one, one, True)
        assert reference.batchnorm_forward(x, one, one, one, one, False)[0].shape == x.shape
    with pytest.raises(ValueError, match="groups"):
        reference.groupnorm(np.zeros((1, 3, 2, 2)), 2, np.ones(3), np.ones(3))


def test_float32_stays():
    """All that is float32 comes back so, and a large offset does no harm."""
    rng = np.random.default_rng(5)
    x = (1e4 + rng.normal(size=(200, 3))).astype(np.float32)
    ones = np.ones(3, dtype=np.float32)
    *arrays, cache = reference.batchnorm_forward(x, ones, ones, ones, ones, True)
    arrays += reference.batchnorm_backward(arrays[0], cache)
    arrays += reference.layernorm_backward(x, reference.layernorm_forward(x, ones, ones)[1])
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    exact = x.astype(np.float64)
    assert abs(arrays[0] - 1 - (exact - exact.mean(axis=0)) / exact.std(axis=0)).max() < 5e-3
