"""The reference of pooling against torch in float64, and against what its own docstrings say."""

import doctest
import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from solutions import pooling as reference

PUBLIC = [
    value
    for name, value in vars(reference).items()
    if not name.startswith("_") and getattr(value, "__module__", "") == reference.__name__
]
SETTINGS = [  # H, W, kernel_size, stride, padding
    (6, 6, 2, 2, 0),
    (7, 5, 3, 1, 0),  # overlap
    (7, 8, 3, 2, 1),  # overlap and padding
    (9, 7, 2, 3, 1),  # gaps and a remainder
    (5, 6, 4, 4, 2),
    (3, 4, 1, 1, 0),
    (6, 7, 3, None, 0),
]


def torch_pool(pool, x, dout=None, *settings, **named):
    """What torch gives for x, and the gradient for x."""
    leaf = torch.tensor(x, requires_grad=True)
    out = pool(leaf, *settings, **named)
    out.backward(torch.ones_like(out) if dout is None else torch.tensor(dout))
    return out.detach().numpy(), leaf.grad.numpy()


def same(left, right):
    """Equal but for rounding, in shape and dtype too."""
    assert left.shape == right.shape
    assert left.dtype == right.dtype
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-13)


def test_docstring_examples_run():
    """Every example in the reference's docstrings gives what it says; every public name has one."""
    assert len(PUBLIC) == 12
    for definition in PUBLIC:
        assert ">>>" in definition.__doc__, definition.__name__
        assert "Source:" in definition.__doc__, definition.__name__
    assert doctest.testmod(reference).failed == 0


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("case", SETTINGS)
def test_values_and_gradients_are_torchs(kind, case):
    """Forward and backward are torch's, for a random upstream gradient; the class is, too."""
    H, W, *settings = case
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, H, W))
    out, cache = getattr(reference, f"{kind}_pool2d_forward")(x, *settings)
    dout = rng.normal(size=out.shape)
    expected, dx = torch_pool(getattr(functional, f"{kind}_pool2d"), x, dout, *settings)
    same(out, expected)
    same(getattr(reference, f"{kind}_pool2d_backward")(dout, cache), dx)
    if kind == "max":
        layer = reference.MaxPool2d(*settings)
        same(layer.forward(x), expected)
        same(layer.backward(dout), dx)


@pytest.mark.parametrize("case", SETTINGS)
def test_ties_are_torchs(case):
    """Of equal largest pixels the first wins, as in torch, also where windows overlap."""
    H, W, *settings = case
    rng = np.random.default_rng(1)
    x = rng.integers(0, 3, (3, 2, H, W)).astype(float)
    out, cache = reference.max_pool2d_forward(x, *settings)
    dout = rng.normal(size=out.shape)
    same(reference.max_pool2d_backward(dout, cache), torch_pool(functional.max_pool2d, x, dout, *settings)[1])


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize(("kernel_size", "padding"), [(3, 2), (2, 2), (9, 0), (9, 1)])
def test_what_torch_refuses_is_refused(kind, kernel_size, padding):
    """Too much padding and windows that do not fit raise ValueError where torch raises RuntimeError."""
    x = np.zeros((1, 1, 5, 6))
    with pytest.raises(RuntimeError):
        getattr(functional, f"{kind}_pool2d")(torch.tensor(x), kernel_size, 1, padding)
    with pytest.raises(ValueError, match=r"padding|fit"):
        getattr(reference, f"{kind}_pool2d_forward")(x, kernel_size, 1, padding)


def test_global_average_is_torchs():
    """The mean of each channel and its gradient."""
    rng = np.random.default_rng(2)
    x, dout = rng.normal(size=(3, 4, 5, 7)), rng.normal(size=(3, 4))
    out, cache = reference.global_avg_pool_forward(x)
    expected, dx = torch_pool(lambda x: functional.adaptive_avg_pool2d(x, 1).flatten(1), x, dout)
    same(out, expected)
    same(reference.global_avg_pool_backward(dout, cache), dx)


@pytest.mark.parametrize("pool", ["max_pool2d", "avg_pool2d", "global_avg_pool"])
def test_float32_stays(pool):
    """float32 in, float32 out, forward and backward; x and dout keep their values."""
    settings = () if pool == "global_avg_pool" else (3, 2, 1)
    x = np.random.default_rng(3).normal(size=(2, 3, 6, 7)).astype(np.float32)
    before = x.copy()
    out, cache = getattr(reference, f"{pool}_forward")(x, *settings)
    dout = np.full_like(out, 2.0)
    dx = getattr(reference, f"{pool}_backward")(dout, cache)
    assert (out.dtype, dx.dtype) == (np.float32, np.float32)
    assert (x == before).all()
    assert (dout == 2).all()


@pytest.mark.parametrize("case", [(6, 8, 2, None, 1), (7, 9, 3, 1, 1), (9, 8, 2, 3, 2), (9, 8, 3, 2, 2)])
def test_indices_and_unpooling_are_torchs(case):
    """max_pool2d_with_indices with dilation, and the way back."""
    H, W, kernel_size, stride, dilation = case
    rng = np.random.default_rng(4)
    for x in (rng.normal(size=(2, 3, H, W)), rng.integers(0, 3, (2, 3, H, W)).astype(float)):
        out, indices = reference.max_pool2d_with_indices(x, kernel_size, stride, dilation)
        expected, places = functional.max_pool2d(
            torch.tensor(x), kernel_size, stride, 0, dilation, return_indices=True
        )
        same(out, expected.numpy())
        assert (indices == places.numpy()).all()
        back = torch.ops.aten.max_unpool2d(expected, places, (H, W))
        same(reference.max_unpool2d(out, indices, (H, W)), back.numpy())


@pytest.mark.parametrize("switches", list(itertools.product([False, True], repeat=2)))
@pytest.mark.parametrize(
    "case", [*SETTINGS, (5, 5, 2, 2, 0), (3, 7, 2, 4, 1), (5, 8, 2, 3, 1), (7, 10, 3, 4, 1)]
)
def test_general_average_is_torchs(case, switches):
    """ceil_mode and count_include_pad, one by one and together."""
    H, W, *settings = case
    x = np.random.default_rng(5).normal(size=(2, 3, H, W))
    expected = functional.avg_pool2d(torch.tensor(x), *settings, *switches).numpy()
    same(reference.avg_pool2d_general(x, *settings, *switches), expected)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 7), (3, 7), (8, 9)])
def test_adaptive_average_is_torchs(size):
    """Windows that divide the picture, also into more parts than it has pixels."""
    x = np.random.default_rng(6).normal(size=(2, 3, 5, 7))
    same(
        reference.adaptive_avg_pool2d(x, size), functional.adaptive_avg_pool2d(torch.tensor(x), size).numpy()
    )
